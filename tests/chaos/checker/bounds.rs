//! Memory and file descriptors stay under stated bounds.

use super::Verdict;

/// What a process used at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Who it is; begins with the name of its service.
    pub who: String,
    pub pid: i32,
    pub rss_kib: u64,
    pub descriptors: u64,
}

/// What processes used, sampled during a run.
#[derive(Debug, Clone, Default)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    /// Samples these processes now; one that is gone is left out.
    pub fn take(&mut self, processes: &[(String, i32)]) {
        self.0.extend(processes.iter().filter_map(|(who, pid)| Sample::of(who, *pid)));
    }

    pub fn verdict(&self) -> Verdict {
        check(&self.0)
    }
}

impl Sample {
    /// What a process uses now; none when it is gone.
    pub fn of(who: &str, pid: i32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let rss_kib = rss.trim().trim_end_matches("kB").trim().parse().ok()?;
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
        Some(Self { who: who.to_owned(), pid, rss_kib, descriptors })
    }

    /// The service, `server` for anything else.
    fn service(&self) -> &'static str {
        let services = ["selfcare", "mutualaid", "librarian"];
        services.into_iter().find(|service| self.who.starts_with(service)).unwrap_or("server")
    }
}

const MIB: u64 = 1024;

/// Most memory of a process in KiB. Runs of a minute with 3,000 notes came to 149 MiB in selfcare, 113 MiB in mutualaid and
/// 174 MiB in librarian, which holds the index and its writer's buffers; the views grow with what agents said, and the
/// allocator keeps what it had. The server keeps what it writes in caches of its own.
pub fn rss_bound_kib(service: &str) -> u64 {
    match service {
        "selfcare" | "mutualaid" => 256 * MIB,
        "librarian" => 512 * MIB,
        _ => 1024 * MIB,
    }
}

/// Most descriptors of a process. A service has its listeners, its log, a few runtime descriptors, one connection to the
/// bus and one for each of some ten callers; the index is in memory. 128 is below the 256 at which the smallest systems refuse.
/// The server has one for each connection and two for each block of a stream.
pub fn descriptor_bound(service: &str) -> u64 {
    match service {
        "selfcare" | "mutualaid" | "librarian" => 128,
        _ => 1024,
    }
}

fn check(samples: &[Sample]) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.count("bounds.samples", samples.len());
    for sample in samples {
        let (Sample { who, pid, rss_kib, descriptors }, service) = (sample, sample.service());
        let most = rss_bound_kib(service);
        if *rss_kib > most {
            verdict.add("bounds.memory", format!("{who} ({pid}) had {rss_kib} KiB, at most {most}"));
        }
        let most = descriptor_bound(service);
        if *descriptors > most {
            verdict.add("bounds.descriptors", format!("{who} ({pid}) had {descriptors} open, at most {most}"));
        }
        for (figure, value) in [("rss-kib-most", *rss_kib), ("descriptors-most", *descriptors)] {
            let most = verdict.figures.entry(format!("bounds.{service}.{figure}")).or_default();
            *most = (*most).max(value);
        }
    }
    verdict
}
