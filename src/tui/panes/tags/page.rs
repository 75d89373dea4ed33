//! Everything that is known of a tag, to read.

use crate::engine::tags::compare::TagStanding;
use crate::engine::tags::platforms::Platform;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{RoleView, TagView};
use crate::tuf::Gun;
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::report::{Part, Report};
use crate::tui::kit::format::bytes;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::messages::registry::RegistryWork;
use crate::tui::state::rows::TagRow;
use crate::tui::state::{State, selected, words};

type PlatformsFound = Option<Result<Vec<Platform>, Failure>>;

/// Opens it for the tag under the cursor, and asks which platforms its image has.
pub(super) fn open(state: &mut State, gun: &Gun) -> Vec<Effect> {
    let Some(row) = selected::tag_row(state) else { return vec![] };
    let (tag, digest) = (row.row.name.to_string(), digest(state, row));
    let is_unsigned = row.row.standing == TagStanding::Unsigned && !row.is_only_staged();
    let page = page(state, gun, &tag, None);
    state.dialogs.push(Dialog::Report(page));
    // What nobody has signed, and only the registry lists, is asked for when somebody looks.
    let is_asked = !state.here.offline && (digest.is_some() || is_unsigned);
    let work = is_asked.then(|| RegistryWork::Platforms { gun: gun.clone(), tag, digest });
    work.map(Effect::Registry).into_iter().collect()
}

/// The digest that a pull by digest would name: the signed one, else the registry's.
pub(super) fn digest(state: &State, row: &TagRow) -> Option<String> {
    let signed = state.lists.tag_rows.signed(row).filter(|tag| !tag.digest.is_empty());
    let signed = signed.map(|tag| format!("sha256:{}", tag.digest));
    signed.or_else(|| row.row.registry.as_ref().map(|found| found.digest.to_string()))
}

/// Takes the platforms, if the page is still open.
pub(super) fn platforms(state: &mut State, gun: &Gun, tag: &str, found: Result<Vec<Platform>, Failure>) {
    if state.lists.shown.as_ref() != Some(gun) {
        return;
    }
    let fresh = page(state, gun, tag, Some(found));
    let is_open = |dialog: &&mut Dialog| matches!(dialog, Dialog::Report(open) if open.subject == fresh.subject);
    if let Some(Dialog::Report(open)) = state.dialogs.iter_mut().find(is_open) {
        *open = Report { offset: open.offset, ..fresh };
    }
}

fn page(state: &State, gun: &Gun, tag: &str, platforms: PlatformsFound) -> Report {
    let rows: Vec<&TagRow> = state.lists.tag_rows.of_tag(tag).collect();
    let subject = format!("{}:{tag}", state.short_name(&state.name_of(gun)));
    let mut report = Report { title: "Tag".to_owned(), subject, ..Report::default() };
    for row in &rows {
        let signed = state.lists.tag_rows.signed(row);
        report.facts.push((row.word(), super::detail::pull(state, row, signed)));
        if let Some(signed) = signed {
            report.facts.extend(facts(signed));
            report.parts.extend(roles(state, signed));
        }
    }
    let Some(row) = rows.first() else { return report };
    if let Some(found) = &row.row.registry {
        let tags = &state.lists.tag_rows;
        let digest = match tags.other_length(row) {
            Some(lengths) => super::detail::other_length(lengths),
            None if tags.is_same(row) => "the same".to_owned(),
            None => words::grouped(found.digest.digest()),
        };
        report.facts.push(("registry", digest));
        report.facts.push(("", bytes(found.size)));
        report.facts.push(("", found.media_type.clone()));
    }
    if let Some(digest) = digest(state, row) {
        report.facts.push(("pull by", format!("{}@{digest}", state.name_of(gun))));
        report.notes.push("In the list y r copies the reference by digest, y d the digest.".to_owned());
    }
    report.facts.extend(platform_facts(platforms));
    report
}

fn facts(tag: &TagView) -> Vec<(&'static str, String)> {
    let mut facts = vec![("sha256", words::grouped(&tag.digest))];
    facts.extend(tag.sha512.iter().map(|digest| ("sha512", words::grouped(digest))));
    facts.push(("size", format!("{} bytes", tag.length)));
    let custom = |custom: &crate::tuf::Custom| String::from_utf8_lossy(custom.canonical()).into_owned();
    facts.extend(tag.custom.iter().map(|data| ("custom", custom(data))));
    facts
}

/// The roles that list the tag with this digest, and who signed each.
fn roles<'a>(state: &'a State, tag: &'a TagView) -> impl Iterator<Item = Part> + 'a {
    let all = state.view().into_iter().flat_map(|view| &view.roles);
    all.filter(|role| tag.roles.contains(&role.role)).map(role)
}

fn role(role: &RoleView) -> Part {
    let signer = |by: &crate::engine::view::SignedBy| match by.current {
        true => by.label.clone(),
        false => format!("{}, no key of it any more", by.label),
    };
    let signed: Vec<String> = role.last_signed_by.iter().map(signer).collect();
    let by = if signed.is_empty() { "nobody that is known".to_owned() } else { signed.join("; ") };
    let tone = if role.state == RoleState::Good { Tone::Done } else { Tone::Fail };
    let version = role.version.map(|version| format!("v{version} ")).unwrap_or_default();
    Part::new(tone, role.role.to_string(), words::role_state(role)).with(format!("{version}signed by {by}"))
}

fn platform_facts(platforms: PlatformsFound) -> Vec<(&'static str, String)> {
    match platforms {
        None => vec![],
        Some(Err(failure)) => vec![("platforms", format!("not known: {}", failure.problem.message))],
        Some(Ok(platforms)) if platforms.is_empty() => vec![("platforms", "one; this is no index".to_owned())],
        Some(Ok(platforms)) => {
            let digits = |digest: &str| digest.split_once(':').map_or(String::new(), |(_, d)| words::grouped(d));
            let line = |platform: &Platform| ("platform", format!("{}  {}", platform.name, digits(&platform.digest)));
            platforms.iter().map(line).collect()
        }
    }
}
