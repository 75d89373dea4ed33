//! What `notary` prints, as values.

/// A row of `notary delegation list`: role, paths, key IDs, threshold.
pub type DelegationRow = (String, Vec<String>, Vec<String>, String);

/// Reads `notary delegation list`.
pub fn delegations(text: &str) -> Vec<DelegationRow> {
    let mut rows: Vec<DelegationRow> = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()).skip(2) {
        let cells: Vec<&str> = line.split("    ").map(str::trim).filter(|c| !c.is_empty()).collect();
        if line.starts_with(' ') {
            // A further key or path of the row above.
            let last = rows.last_mut().unwrap();
            for cell in cells {
                if cell.len() == 64 { last.2.push(cell.to_owned()) } else { last.1.push(cell.to_owned()) }
            }
        } else {
            let [role, paths, key, threshold] = cells.as_slice() else { panic!("four columns in {line:?}") };
            let paths = paths.split(',').map(|p| p.trim().replace("\"\" <all paths>", "")).collect();
            rows.push(((*role).to_owned(), paths, vec![(*key).to_owned()], (*threshold).to_owned()));
        }
    }
    rows
}

/// The same of `trustdeck delegation list --json`, ordered as notary orders.
pub fn delegations_of_json(rows: &serde_json::Value) -> Vec<DelegationRow> {
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let texts = |v: &serde_json::Value| v.as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let row = |r: &serde_json::Value| {
        let keys = r["keys"].as_array().unwrap().iter().map(|k| text(&k["canonical_id"])).collect();
        (text(&r["role"]), texts(&r["paths"]), keys, r["threshold"].to_string())
    };
    let mut rows: Vec<DelegationRow> = rows.as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

/// Reads `notary list`: tag, digest, size, role.
pub fn targets(text: &str) -> Vec<[String; 4]> {
    let rows = text.lines().filter(|l| !l.trim().is_empty()).skip(2);
    let cells =
        |l: &str| l.split("    ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    rows.map(|l| cells(l).try_into().unwrap_or_else(|c| panic!("four columns in {c:?}"))).collect()
}

/// Reads `notary key list`: role and key ID, sorted.
pub fn keys(text: &str) -> Vec<(String, String)> {
    let rows = text.lines().filter(|l| !l.trim().is_empty()).skip(2);
    let words = |l: &str| l.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut keys: Vec<(String, String)> =
        rows.map(words).map(|w| (w[0].clone(), w.iter().find(|w| w.len() == 64).unwrap().clone())).collect();
    keys.sort();
    keys
}
