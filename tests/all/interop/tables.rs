//! What `notary` prints, as values.

/// A row of `notary delegation list`: role, paths, key IDs, threshold.
pub type DelegationRow = (String, Vec<String>, Vec<String>, String);

/// Reads `notary delegation list`; a role's further paths and keys stand on lines of their own.
pub fn delegations(text: &str) -> Vec<DelegationRow> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let header = lines.next().unwrap();
    let column = |title: &str| header.find(title).unwrap();
    let starts = [0, column("PATHS"), column("KEY IDS"), column("THRESHOLD"), usize::MAX];
    let mut rows: Vec<DelegationRow> = Vec::new();
    for line in lines.skip(1) {
        let cell = |n: usize| line.get(starts[n]..starts[n + 1].min(line.len())).unwrap_or_default().trim().to_owned();
        if !line.starts_with(' ') {
            rows.push((cell(0), Vec::new(), Vec::new(), cell(3)));
        }
        let row = rows.last_mut().unwrap();
        row.1.extend(Some(cell(1)).filter(|path| !path.is_empty()).map(|p| p.replace("\"\" <all paths>", "")));
        row.2.extend(Some(cell(2)).filter(|id| !id.is_empty()));
    }
    rows
}

/// The same of `trustdeck delegation list --json`, roles and paths ordered as notary orders them.
pub fn delegations_of_json(rows: &serde_json::Value) -> Vec<DelegationRow> {
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let texts = |v: &serde_json::Value| v.as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let row = |r: &serde_json::Value| {
        let mut paths = texts(&r["paths"]);
        paths.sort();
        let keys = r["keys"].as_array().unwrap().iter().map(|k| text(&k["canonical_id"])).collect();
        (text(&r["role"]), paths, keys, r["threshold"].to_string())
    };
    // Notary knows nothing of roles below one whose file it does not trust.
    let reachable = rows.as_array().unwrap().iter().filter(|r| r["state"] != "parent not trusted");
    let mut rows: Vec<DelegationRow> = reachable.map(row).collect();
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
