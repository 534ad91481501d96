//! The access table: that every rpc has its row and every row its rpc, or what is wrong with it.

use std::collections::BTreeSet;

use toml::{Table, Value};

/// The words of a row, as `access.toml` explains them.
const WORDS: [&str; 4] = ["anyone", "member", "own", "service"];

/// The rpcs that each server has beside those of the contract.
const BESIDE: [&str; 3] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

/// A row: the path of an rpc, and who may call it besides operators.
pub(crate) type Row = (String, Vec<String>);

/// The table for the rpcs of the contract (their paths), sorted; or every problem.
pub(crate) fn table(text: &str, contract: &[String]) -> Result<Vec<Row>, Vec<String>> {
    let given: Table = text.parse().map_err(|error| vec![format!("access.toml is not TOML: {error}")])?;
    let known: BTreeSet<&str> = contract.iter().map(String::as_str).chain(BESIDE).collect();
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (service, methods) in &given {
        let Value::Table(methods) = methods else {
            problems.push(format!("access.toml: `{service}` must be the section of a service"));
            continue;
        };
        for (method, who) in methods {
            let path = format!("/{service}/{method}");
            if !known.contains(path.as_str()) {
                problems.push(format!("access.toml has a row for {path}, which is no rpc: take it out"));
            }
            match words(who) {
                Ok(who) => rows.push((path, who)),
                Err(problem) => problems.push(format!("access.toml: {path}: {problem}")),
            }
        }
    }
    let has: BTreeSet<&str> = rows.iter().map(|(path, _)| path.as_str()).collect();
    for missing in known.difference(&has) {
        // a row that could not be read was told of already
        if !problems.iter().any(|problem| problem.contains(&format!("{missing}:"))) {
            problems.push(format!("access.toml has no row for {missing}: say there who may call it"));
        }
    }
    rows.sort();
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

fn words(who: &Value) -> Result<Vec<String>, String> {
    let allowed = || format!("give a list of {}, or [] for operators only", WORDS.join(", "));
    let Value::Array(who) = who else { return Err(allowed()) };
    let words: Option<Vec<String>> =
        who.iter().map(|word| word.as_str().filter(|word| WORDS.contains(word)).map(str::to_owned)).collect();
    let words = words.ok_or_else(allowed)?;
    if words.len() > 1 && words.iter().any(|word| word == "anyone") {
        return Err("`anyone` stands alone: nobody is left to name".to_owned());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "/a.v1.A/Get";
    const BESIDES: &str = "[\"grpc.health.v1.Health\"]\nCheck = [\"anyone\"]\nWatch = [\"anyone\"]\n\
                           [\"grpc.reflection.v1.ServerReflection\"]\nServerReflectionInfo = [\"member\"]\n";

    fn check(rows: &str, wanted: Result<&[&str], &str>) {
        let text = format!("{BESIDES}{rows}");
        match (table(&text, &[CONTRACT.to_owned()]), wanted) {
            (Ok(table), Ok(who)) => {
                let row = table.iter().find(|(path, _)| path == CONTRACT);
                assert_eq!(
                    row.map(|(_, who)| who.as_slice()),
                    Some(who.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>().as_slice())
                );
            }
            (Err(problems), Err(problem)) => assert!(
                problems.len() == 1 && problems[0].contains(problem),
                "{rows:?}: {problems:?} instead of {problem:?}"
            ),
            (found, wanted) => panic!("{rows:?}: {found:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn every_rpc_has_a_row_and_every_row_an_rpc() {
        check("[\"a.v1.A\"]\nGet = [\"own\"]", Ok(&["own"]));
        check("[\"a.v1.A\"]\nGet = []", Ok(&[]));
        check("", Err("access.toml has no row for /a.v1.A/Get"));
        check("[\"a.v1.A\"]\nGet = []\nSet = []", Err("a row for /a.v1.A/Set, which is no rpc"));
        check("[\"a.v1.A\"]\nGet = [\"members\"]", Err("/a.v1.A/Get: give a list of anyone"));
        check("[\"a.v1.A\"]\nGet = \"member\"", Err("/a.v1.A/Get: give a list of anyone"));
        check("[\"a.v1.A\"]\nGet = [\"anyone\", \"member\"]", Err("`anyone` stands alone"));
        check("[\"a.v1.A\"]\nGet = []\nGet = []", Err("is not TOML"));
    }
}
