//! `delegation list` and `status`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Context;
use super::arguments;
use super::docker_client;
use super::ending::Ending;
use super::staged::{self, StagedRow};
use super::table::Table;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::RoleView;
use crate::engine::view::troubles::Trouble;
use crate::engine::{Freshness, Kind, Problem, RepositoryView, Stage};
use crate::printable::printable;

#[derive(Serialize)]
struct DelegationRow {
    role: String,
    state: &'static str,
    version: Option<u64>,
    expires: Option<String>,
    threshold: u32,
    paths: Vec<String>,
    keys: Vec<DelegationKey>,
    last_signed_by: Vec<String>,
    tags: usize,
}

/// `id` is that of the key, as everywhere; a certificate around it has one of its own.
#[derive(Serialize)]
struct DelegationKey {
    id: String,
    certificate_id: Option<String>,
    label: String,
    kind: String,
    signed: bool,
}

/// `delegation list`.
///
/// # Errors
/// As the engine's; `Absent` without trust data.
pub(super) async fn delegations(context: &Context, command: &arguments::DelegationList) -> Result<Ending, Problem> {
    let gun = context.repository(&command.repository)?;
    let view = context.view(&gun).await?;
    context.has_trust_data(&view)?;
    let mut rows: Vec<DelegationRow> =
        view.roles.iter().filter(|r| r.role.delegation().is_some()).map(delegation_row).collect();
    rows.sort_by(|a, b| a.role.cmp(&b.role));
    if context.console.json {
        context.console.result_json(&rows)?;
    } else if rows.is_empty() {
        context.console.result("no delegations\n")?;
    } else {
        context.console.result(&delegation_table(&rows))?;
    }
    let stale = context.report_freshness(&view);
    // The table has them all; what they mean is said beside it.
    context.report_troubles(&view).iter().for_each(|problem| context.console.problem(problem));
    Ok(Ending { succeeded: 1, stale, ..Ending::done() })
}

/// Columns and order as `notary delegation list` has them, then what it does not tell.
fn delegation_table(rows: &[DelegationRow]) -> String {
    let header = ["ROLE", "PATHS", "KEY IDS", "THRESHOLD", "TAGS", "STATE", "LAST SIGNED BY", "CERTIFICATE IDS"];
    let mut table = Table::with_header(&header);
    for row in rows {
        let path = |p: &String| if p.is_empty() { "\"\" <all paths>".to_owned() } else { p.clone() };
        let paths: Vec<String> = row.paths.iter().map(path).collect();
        let at = |list: &[String], line: usize| list.get(line).cloned().unwrap_or_default();
        let ids: Vec<String> = row.keys.iter().map(|key| key.id.clone()).collect();
        let certificates: Vec<String> =
            row.keys.iter().map(|key| key.certificate_id.clone().unwrap_or_default()).collect();
        table.row([
            row.role.clone(),
            at(&paths, 0),
            ids.first().map_or("(none)", String::as_str).to_owned(),
            row.threshold.to_string(),
            row.tags.to_string(),
            row.state.to_owned(),
            row.last_signed_by.join(", "),
            at(&certificates, 0),
        ]);
        for line in 1..paths.len().max(ids.len()) {
            let (path, id, certificate) = (at(&paths, line), at(&ids, line), at(&certificates, line));
            table.row(["", &path, &id, "", "", "", "", &certificate]);
        }
    }
    table.text("", 4)
}

fn delegation_row(role: &RoleView) -> DelegationRow {
    let key = |k: &crate::engine::view::RoleKeyView| DelegationKey {
        id: k.canonical.to_string(),
        certificate_id: (k.id.as_str() != k.canonical.as_str()).then(|| k.id.to_string()),
        label: k.label.clone(),
        kind: k.algorithm.to_string(),
        signed: k.signed,
    };
    let signer = |s: &crate::engine::view::SignedBy| {
        if s.current { s.label.clone() } else { format!("{} (not a key of the role)", s.label) }
    };
    // In the order in which notary prints them.
    let mut paths = role.paths.clone();
    paths.sort();
    DelegationRow {
        role: role.role.to_string(),
        state: state_word(&role.state),
        version: role.version,
        expires: role.expires.map(|at| at.to_string()),
        threshold: role.threshold,
        paths,
        keys: role.keys.iter().map(key).collect(),
        last_signed_by: role.last_signed_by.iter().map(signer).collect(),
        tags: role.tags,
    }
}

fn state_word(state: &RoleState) -> &'static str {
    match state {
        RoleState::Good => "good",
        RoleState::Expired => "expired",
        RoleState::UnderThreshold { .. } => "too few signatures",
        RoleState::NeverSigned => "never signed",
        RoleState::Hidden => "hidden",
        RoleState::Missing => "missing in the cache",
        RoleState::OverLimit { .. } => "over a limit",
        RoleState::Unreachable => "parent not trusted",
    }
}

#[derive(Serialize)]
struct StatusRow<'a> {
    trust_dir: String,
    trust_dir_why: String,
    state_dir: String,
    state_dir_why: String,
    log_file: String,
    config: String,
    config_why: String,
    config_exists: bool,
    docker_config: String,
    docker_config_why: String,
    server: Option<String>,
    server_why: Option<String>,
    server_error: Option<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    authorities: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_trust: Option<String>,
    keys: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_keys: Vec<OtherKeys>,
    staged: Vec<StagedRow<'a>>,
}

/// Keys that are not used, since they lie in another trust directory.
#[derive(Serialize)]
struct OtherKeys {
    trust_dir: String,
    keys: usize,
}

/// `status`.
///
/// # Errors
/// As the engine's.
pub(super) async fn status(context: &Context, command: &arguments::Status) -> Result<Ending, Problem> {
    let gun = command.repository.as_deref().map(|typed| context.repository(typed)).transpose()?;
    let status = context.engine.status(gun.as_ref());
    let (stage, unread) = match context.engine.stage().staged() {
        Ok(stage) => (stage, None),
        Err(error) => (Stage::default(), Some(error.problem())),
    };
    let staged = stage.changes.iter().filter(|c| gun.as_ref().is_none_or(|g| *g == c.gun));
    let (server, server_why, server_error) = match status.server {
        Ok((url, why)) => (Some(url), Some(why), None),
        Err(problem) => (None, None, Some(problem)),
    };
    let ignored = docker_client::ignored_content_trust(&context.engine).await;
    let row = StatusRow {
        trust_dir: status.trust_dir.0.display().to_string(),
        trust_dir_why: status.trust_dir.1,
        state_dir: status.state_dir.display().to_string(),
        state_dir_why: status.reasons.state_dir,
        log_file: status.log_file.display().to_string(),
        config: status.config.0.display().to_string(),
        config_why: status.reasons.config_file,
        config_exists: status.config.1,
        docker_config: status.docker_config.display().to_string(),
        docker_config_why: status.reasons.docker_config,
        server,
        server_why,
        server_error,
        proxy: status.proxy,
        authorities: status.authorities,
        content_trust: ignored,
        keys: status.keys,
        other_keys: status.other_keys.iter().map(other_keys).collect(),
        staged: staged.map(staged::row).collect(),
    };
    if context.console.json {
        context.console.result_json(&row)?;
    } else {
        context.console.result(&status_text(&row))?;
    }
    let about = stage.changes.iter().map(|change| &change.gun).filter(|of| gun.as_ref().is_none_or(|gun| gun == *of));
    for gun in about.collect::<BTreeSet<_>>() {
        if let Some(problem) = staged::elsewhere(context, &stage, gun) {
            context.console.problem(&problem);
        }
    }
    let mut ending = Ending::done();
    ending.problems.extend(unread);
    if let Some(lost) = gun.as_ref().and_then(|gun| context.engine.trust().found_lost(gun)) {
        ending.problems.push(lost.problem());
    } else if let Some(gun) = &gun
        && let Ok(view) = context.engine.views().cached(gun).await
    {
        // Nothing is asked of a server here: this is what the last look found.
        context.say_notices(&view);
        ending.problems = context.report_troubles(&view);
    }
    let foreign = gun.as_ref().map(|gun| context.engine.stage().foreign_changes(gun)).transpose()?.flatten();
    if let Some(foreign) = foreign {
        let count = foreign.lines.len();
        context.console.say(&format!(
            "notary has {count} staged changes in this trust directory; docker trust inspect deletes them"
        ));
        foreign.lines.iter().for_each(|line| context.console.say(&format!("  {line}")));
    }
    Ok(ending)
}

fn other_keys((trust_dir, keys): &(std::path::PathBuf, usize)) -> OtherKeys {
    OtherKeys { trust_dir: trust_dir.display().to_string(), keys: *keys }
}

fn status_text(row: &StatusRow<'_>) -> String {
    let mut table = Table::default();
    table.row(["trust directory", &row.trust_dir, &row.trust_dir_why]);
    table.row(["state directory", &row.state_dir, &row.state_dir_why]);
    table.row(["log", &row.log_file, ""]);
    let there = if row.config_exists { "" } else { "; not there, not needed" };
    table.row(["configuration", &row.config, &format!("{}{there}", row.config_why)]);
    table.row(["docker's directory", &row.docker_config, &row.docker_config_why]);
    match (&row.server, &row.server_error) {
        (Some(url), _) => table.row(["server", url, row.server_why.as_deref().unwrap_or("")]),
        (None, Some(problem)) => table.row(["server", "none", &problem.message]),
        (None, None) => {}
    }
    if let Some(proxy) = &row.proxy {
        table.row(["proxy", proxy, ""]);
    }
    for authority in &row.authorities {
        table.row(["authority", authority, ""]);
    }
    if let Some(ignored) = &row.content_trust {
        table.row(["content trust", "off", ignored]);
    }
    table.row(["keys", &row.keys.to_string(), ""]);
    for other in &row.other_keys {
        table.row(["keys not used", &other.keys.to_string(), &format!("in {}", other.trust_dir)]);
    }
    table.row(["staged", &row.staged.len().to_string(), ""]);
    let mut text = table.text("", 2);
    for change in &row.staged {
        text.push_str(&format!("  {}\n", printable(&change.numbered())));
    }
    text
}

impl Context {
    /// Says on standard error which roles do not count. Returns those that Docker pulls from, which are failures.
    pub(super) fn report_troubles(&self, view: &RepositoryView) -> Vec<Problem> {
        self.report_these(view.troubles())
    }

    /// The same for some of them.
    pub(super) fn report_these(&self, troubles: Vec<Trouble>) -> Vec<Problem> {
        let (failures, others): (Vec<Trouble>, Vec<Trouble>) =
            troubles.into_iter().partition(|trouble| trouble.released);
        let others: Vec<Problem> = others.into_iter().map(|trouble| trouble.problem).collect();
        self.console.problems(&others);
        failures.into_iter().map(|trouble| trouble.problem).collect()
    }

    /// Says on standard error which tags are gone since this machine looked last.
    pub(super) fn report_losses(&self, view: &RepositoryView) {
        view.losses().iter().for_each(|loss| self.console.problem(&loss.problem));
    }

    /// Says on standard error that a view is from the cache. Returns whether that is for want of the server.
    pub(super) fn report_freshness(&self, view: &RepositoryView) -> bool {
        let Freshness::Cached { at, reason: Some(reason) } = &view.freshness else { return false };
        let age =
            at.map_or_else(|| "of unknown age".to_owned(), |at| format!("of {}", super::age(self.engine.now(), at)));
        self.console.problem(&Problem {
            kind: Kind::Stale,
            message: format!("{}: shown from this machine's cache, {age}, because {}", view.name, reason.message),
            hint: reason.hint.clone(),
            repository: Some(view.gun.clone()),
            role: None,
            tags: None,
            admission: None,
        });
        true
    }
}
