//! The change feed: pages over what was published and deleted.

use serde::Serialize;
use serde_json::json;

use super::answer::{Code, TrustRefusal};
use super::store::Change;
use crate::tuf::metadata::format_time;

#[derive(Serialize)]
struct Page {
    count: usize,
    records: Option<Vec<Record>>,
}

#[derive(Serialize)]
struct Record {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "CreatedAt")]
    created_at: String,
    #[serde(rename = "GUN")]
    gun: String,
    #[serde(rename = "Version")]
    version: u64,
    #[serde(rename = "SHA256")]
    sha256: String,
    #[serde(rename = "Category")]
    category: &'static str,
}

/// One page of `changes`, which are in order, as the query asks for it; of one repository if `gun` is given.
///
/// # Errors
/// `INVALID_PARAMETERS` if `records` or `change_id` is no number.
pub(super) fn page(
    changes: Vec<Change>,
    gun: Option<&str>,
    query: &[(String, String)],
) -> Result<String, TrustRefusal> {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let records = value("records");
    let Ok(count) = records.parse::<i32>() else {
        let quoted = json!(records);
        let why = format!("invalid records parameter: strconv.ParseInt: parsing {quoted}: invalid syntax");
        return Err(TrustRefusal::with(Code::InvalidParameters, &why));
    };
    let after = match value("change_id") {
        "" => 0,
        id => id.parse::<i64>().map_err(|_| TrustRefusal::bare(Code::InvalidParameters))?,
    };
    let limit = if count == 0 { 100 } else { usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX) };
    // Notary's memory store gives null as long as nothing was ever published.
    let any = !changes.is_empty();
    let changes = changes.into_iter().filter(|change| gun.is_none_or(|gun| gun == change.gun));
    let number = |change: &Change| i64::try_from(change.id).unwrap_or(i64::MAX);
    let mut chosen: Vec<Change> = if count < 0 || after < 0 {
        let before = if after < 0 { i64::MAX } else { after };
        let mut newest: Vec<Change> = changes.rev().filter(|c| number(c) < before).take(limit).collect();
        newest.reverse();
        newest
    } else {
        changes.filter(|c| number(c) > after).take(limit).collect()
    };
    let count = chosen.len();
    let records = any.then(|| chosen.drain(..).map(record).collect());
    serde_json::to_string(&Page { count, records }).map_err(TrustRefusal::fault)
}

fn record(change: Change) -> Record {
    Record {
        id: change.id.to_string(),
        created_at: format_time(change.at),
        gun: change.gun,
        version: change.version,
        sha256: change.sha256,
        category: if change.version == 0 { "deletion" } else { "update" },
    }
}
