//! What a run tells: faults by kind, recoveries, and what the checker found.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    checker::Verdict,
    driver::{DRAINED, Settings},
    faults::Made,
    plan::Fault,
};

/// The figures of one run.
#[derive(Debug)]
pub struct Report {
    pub settings: Settings,
    /// Made, not reached, skipped; by kind.
    pub faults: BTreeMap<&'static str, [usize; 3]>,
    pub recoveries: Vec<(&'static str, Duration)>,
    pub drained: Option<Duration>,
    pub figures: BTreeMap<String, u64>,
    pub violations: Vec<(String, String)>,
}

impl Report {
    pub fn new(settings: Settings) -> Self {
        let faults = BTreeMap::new();
        Self { settings, faults, recoveries: vec![], drained: None, figures: BTreeMap::new(), violations: vec![] }
    }

    pub fn count(&mut self, fault: &Fault, made: &Made) {
        let place = match made {
            Made::Yes => 0,
            Made::NotReached => 1,
            Made::Skipped(_) => 2,
        };
        self.faults.entry(fault.kind()).or_default()[place] += 1;
    }

    pub fn recovered(&mut self, fault: &Fault, took: Duration) {
        self.recoveries.push((fault.kind(), took));
    }

    pub fn violation(&mut self, rule: &str, what: String) {
        println!("violation of {rule}: {what}");
        self.violations.push((rule.to_owned(), what));
    }

    pub fn judged(&mut self, verdict: Verdict) {
        self.figures.extend(verdict.figures);
        for violation in verdict.violations {
            self.violation(violation.rule, violation.what);
        }
        if let Some(took) = self.drained.filter(|took| *took > DRAINED) {
            self.violation("backlog", format!("drained after {took:?} only"));
        }
    }

    /// The share of recoveries that took no longer than this.
    pub fn recovery(&self, percent: usize) -> Duration {
        let mut all: Vec<Duration> = self.recoveries.iter().map(|(_, took)| *took).collect();
        all.sort();
        all.get((all.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
    }

    /// One line of JSON, for collecting many runs.
    pub fn json(&self) -> serde_json::Value {
        let millis = |took: Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        serde_json::json!({
            "seed": self.settings.seed,
            "seconds": self.settings.lasts.as_secs(),
            "servers": self.settings.servers,
            "faults": self.faults,
            "recoveries_ms": self.recoveries.iter().map(|(kind, took)| (kind, millis(*took))).collect::<Vec<_>>(),
            "drained_ms": self.drained.map(millis),
            "figures": self.figures,
            "violations": self.violations,
        })
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Settings { seed, lasts, servers } = self.settings;
        writeln!(f, "seed {seed}, {} s, {servers} nats-server", lasts.as_secs())?;
        for (kind, [made, not_reached, skipped]) in &self.faults {
            writeln!(f, "  {kind}: {made} made, {not_reached} not reached, {skipped} skipped")?;
        }
        let (p50, p99) = (self.recovery(50), self.recovery(99));
        writeln!(f, "  recovery: p50 {p50:.1?}, p99 {p99:.1?} of {}", self.recoveries.len())?;
        writeln!(f, "  drained after the last fault in {:.1?}", self.drained.unwrap_or_default())?;
        for (name, value) in &self.figures {
            writeln!(f, "  {name}: {value}")?;
        }
        writeln!(f, "  violations: {}", self.violations.len())?;
        for (rule, what) in &self.violations {
            writeln!(f, "    {rule}: {what}")?;
        }
        Ok(())
    }
}
