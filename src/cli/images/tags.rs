//! `tags` and `drift`: what is signed beside what the registry holds.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::arguments::{Drift, Tags};
use crate::cli::ending::Ending;
use crate::cli::table::Table;
use crate::engine::tags::ask::unanswered;
use crate::engine::tags::compare::{Comparison, TagPair};
use crate::engine::{Health, Problem};
use crate::tuf::{Gun, Role};

#[derive(Serialize)]
struct ComparedRow<'a> {
    repository: &'a Gun,
    tag: &'a str,
    state: &'static str,
    signed_digest: Option<String>,
    registry_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'a str>,
    roles: Vec<&'a str>,
    signers: &'a [String],
}

/// `tags`.
///
/// # Errors
/// As the engine's.
pub(in crate::cli) async fn tags(context: &Context, command: &Tags) -> Result<Ending, Problem> {
    let gun = context.repository(&command.repository)?;
    let view = context.view(&gun).await?;
    if view.lost {
        return Err(context.engine.trust().nothing_there(&gun).problem());
    }
    let compared = context.engine.tags().compare(view).await?;
    if compared.view.health == Health::New && compared.rows.is_empty() {
        return Err(context.engine.trust().nothing_there(&gun).problem());
    }
    let shown = |row: &&TagPair| command.state.is_empty() || command.state.contains(&row.standing);
    let rows: Vec<&TagPair> = compared.rows.iter().filter(shown).collect();
    if context.console.json {
        let rows: Vec<ComparedRow<'_>> = rows.iter().map(|row| tag_row(&gun, &compared, row)).collect();
        context.console.result_json(&rows)?;
    } else {
        context.console.result(&table(&compared, &rows))?;
    }
    let stale = context.report_freshness(&compared.view);
    let mut problems = context.report_troubles(&compared.view);
    problems.extend(unanswered(&gun, &compared.unanswered));
    if compared.view.health == Health::New {
        context.console.say(&format!("{} has no trust data for {gun}: nothing is signed", compared.view.server));
    }
    Ok(Ending { succeeded: usize::from(problems.is_empty()), problems, stale, ..Ending::done() })
}

fn tag_row<'a>(gun: &'a Gun, compared: &'a Comparison, row: &'a TagPair) -> ComparedRow<'a> {
    let signed = compared.signed(row);
    ComparedRow {
        repository: gun,
        tag: &row.name,
        state: row.standing.word(),
        signed_digest: signed.map(|tag| format!("sha256:{}", tag.digest)),
        registry_digest: row.registry.as_ref().map(|found| found.digest.to_string()),
        size: row.registry.as_ref().map(|found| found.size),
        media_type: row.registry.as_ref().map(|found| found.media_type.as_str()),
        roles: signed.map(|tag| tag.roles.iter().map(Role::as_str).collect()).unwrap_or_default(),
        signers: signed.map(|tag| tag.signers.as_slice()).unwrap_or_default(),
    }
}

fn table(compared: &Comparison, rows: &[&TagPair]) -> String {
    let mut table = Table::with_header(&["STATE", "TAG", "SIGNED DIGEST", "REGISTRY DIGEST", "SIGNERS"]);
    for row in rows {
        let signed = compared.signed(row).map_or("-", |tag| short(&tag.digest));
        let registry = match (&row.registry, compared.other_length(row)) {
            (_, Some((signed, found))) => format!("same, but {found} bytes and not {signed}"),
            _ if compared.is_same(row) => "same".to_owned(),
            (Some(found), _) => short(found.digest.digest()).to_owned(),
            (None, _) => "-".to_owned(),
        };
        let signers = compared.signed(row).map(|tag| tag.signers.join(" ")).unwrap_or_default();
        table.row([row.standing.word(), &row.name, signed, &registry, &signers]);
    }
    table.text("", 2)
}

/// The beginning of a digest; the whole ones are in JSON.
fn short(digest: &str) -> &str {
    digest.get(..14).unwrap_or(digest)
}

/// `drift`.
///
/// # Errors
/// If the list of repositories cannot be read.
pub(in crate::cli) async fn drift(context: &Context, command: &Drift) -> Result<Ending, Problem> {
    let mut ending = Ending::done();
    let mut guns = Vec::new();
    for typed in &command.repositories {
        match context.repository(typed) {
            Ok(gun) => guns.push(gun),
            Err(problem) => ending.problems.push(problem),
        }
    }
    if command.repositories.is_empty() {
        guns = context.engine.views().entries()?.into_iter().map(|entry| entry.gun).collect();
    }
    // What stands in the list may have no trust data yet; what is named should have some.
    let is_named = !command.repositories.is_empty();
    let compared = context.comparisons(&guns, is_named).await;
    let (mut drifted, mut troubles) = (Vec::new(), Vec::new());
    for (gun, outcome) in compared {
        match outcome {
            Ok(comparison) => {
                ending.stale |= context.report_freshness(&comparison.view);
                let mut of_it = context.report_troubles(&comparison.view);
                of_it.extend(unanswered(&gun, &comparison.unanswered));
                ending.succeeded += usize::from(of_it.is_empty());
                troubles.extend(of_it);
                drifted.push((gun, comparison));
            }
            Err(problem) => ending.problems.push(problem),
        }
    }
    let rows: Vec<Moved<'_>> = drifted.iter().flat_map(|(gun, compared)| moved(gun, compared)).collect();
    ending.drifted = !rows.is_empty();
    match ending.drifted {
        // What was found is the answer; what could not be compared is said beside it.
        true => troubles.iter().for_each(|problem| context.console.problem(problem)),
        false => ending.problems.extend(troubles),
    }
    if context.console.json {
        let rows: Vec<ComparedRow<'_>> = rows.iter().map(|(gun, compared, row)| tag_row(gun, compared, row)).collect();
        context.console.result_json(&rows)?;
    } else {
        context.console.result(&sentences(&rows))?;
    }
    Ok(ending)
}

/// A tag that drifted, where.
type Moved<'a> = (&'a Gun, &'a Comparison, &'a TagPair);

fn moved<'a>(gun: &'a Gun, compared: &'a Comparison) -> impl Iterator<Item = Moved<'a>> {
    compared.rows.iter().filter(|row| row.standing.is_drift()).map(move |row| (gun, compared, row))
}

fn sentences(rows: &[Moved<'_>]) -> String {
    let mut table = Table::default();
    for (gun, compared, row) in rows {
        let image = format!("{}:{}", crate::engine::reference::familiar_name(gun), row.name);
        let signed = compared.signed(row).map(|tag| tag.digest.as_str()).unwrap_or_default();
        let now = row.registry.as_ref().map_or("nothing", |found| short(found.digest.digest()));
        let (signed, now) = match compared.other_length(row) {
            Some((length, found)) => {
                (format!("{} of {length} bytes", short(signed)), format!("{now} of {found} bytes"))
            }
            None => (short(signed).to_owned(), now.to_owned()),
        };
        table.row([row.standing.word(), &image, &format!("signed {signed}"), &format!("registry {now}")]);
    }
    table.text("", 2)
}

impl Context {
    /// Compares repositories side by side.
    async fn comparisons(&self, guns: &[Gun], is_named: bool) -> Vec<(Gun, Result<Comparison, Problem>)> {
        use futures_util::{StreamExt, stream};
        let one = |gun: Gun| async move {
            let compared = match self.view(&gun).await {
                Ok(view) if view.lost || is_named && view.health == Health::New => {
                    Err(self.engine.trust().nothing_there(&gun).problem())
                }
                Ok(view) => {
                    let compared = self.engine.tags().compare(view).await;
                    compared.map_err(|error| {
                        let mut problem = error.problem();
                        problem.repository.get_or_insert_with(|| gun.clone());
                        problem
                    })
                }
                Err(problem) => Err(problem),
            };
            (gun, compared)
        };
        stream::iter(guns.to_vec()).map(one).buffered(crate::cli::context::AT_ONCE).collect().await
    }
}
