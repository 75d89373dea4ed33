//! Verifying images: how deep, how far it is, and what was found.

use std::sync::Arc;

use crate::engine::RemoteError;
use crate::engine::tags::verify::{CheckedPart, Depth, ImagePart, PartFinding, Suspect, not_verified};
use crate::engine::view::TagState;
use crate::tuf::Gun;
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::choose::{Choose, Reply};
use crate::tui::dialogs::report::{Part, Report};
use crate::tui::kit::format::{bytes, count};
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::messages::registry::{RegistryNews, RegistryWork};
use crate::tui::state::verifying::{Image, Verifying};
use crate::tui::state::{State, asking, words};

/// Titles of the report while it runs, and then.
const RUNS: &str = "Verifying";
const ENDED: &str = "Verified";

/// Asks how deep.
pub(super) fn ask(state: &mut State, gun: &Gun, meant: &[Arc<str>]) {
    let tags: Vec<String> = meant.iter().map(ToString::to_string).collect();
    let work = |depth| vec![Effect::Registry(RegistryWork::Verify { gun: gun.clone(), tags: tags.clone(), depth })];
    let here = format!("linux/{}", architecture());
    let name = state.name_of(gun);
    let subject = match tags.as_slice() {
        [tag] => format!("{name}:{tag}"),
        tags => format!("{} of {name}", count(tags.len(), "tag", "tags")),
    };
    let about = vec!["Reads what is signed from the registry and compares every byte with its digest.".to_owned()];
    let replies = vec![
        Reply::new(
            "everything",
            "manifest, configuration, layers, all platforms",
            work(Depth::Deep { platform: None }),
        ),
        Reply::new(format!("{here} only"), "of an index", work(Depth::Deep { platform: Some(here) })),
        Reply::new("the manifest", "one small request", work(Depth::Manifest)),
    ];
    let title = "Verify".to_owned();
    state.dialogs.push(Dialog::Choose(Choose { title, subject, about, replies, ..Choose::default() }));
}

/// This machine's, as images name it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Takes what was found so far.
pub(super) fn heard(state: &mut State, news: RegistryNews) {
    match news {
        RegistryNews::Verifying(gun, tags) => {
            let images = tags.into_iter().map(Image::new).collect();
            state.verifying = Some(Verifying { gun, images, read: 0, ended: false });
            state.dialogs.push(Dialog::Report(Report { title: RUNS.to_owned(), ..Report::default() }));
        }
        RegistryNews::Checked(tag, checked) => {
            if let Some(image) = image(state, &tag) {
                image.parts.push(checked);
            }
        }
        RegistryNews::Read(bytes) => state.verifying.iter_mut().for_each(|verifying| verifying.read = bytes),
        RegistryNews::Verified(tag, result) => {
            if let Some(image) = image(state, &tag) {
                image.ended = Some(result.map(|verification| {
                    // In the order of the image, where they came as they were read.
                    image.parts = verification.parts;
                    image.drifted_to = verification.drifted_to;
                }));
            }
        }
        RegistryNews::Heard(..) => {}
    }
    show(state);
}

fn image<'a>(state: &'a mut State, tag: &str) -> Option<&'a mut Image> {
    state.verifying.as_mut()?.images.iter_mut().find(|image| image.tag == tag)
}

/// Takes the end.
pub(super) fn ended(state: &mut State, result: Result<(), Failure>) -> Vec<Effect> {
    if let Err(failure) = &result {
        state.complain(failure);
    }
    state.verifying.iter_mut().for_each(|verifying| verifying.ended = true);
    show(state);
    let newer = state.verifying.as_ref().filter(|verifying| is_newer(state, verifying)).map(|v| v.gun.clone());
    newer.and_then(|gun| asking::once(state, &gun, Effect::Refresh)).into_iter().collect()
}

/// Whether other digests were verified than are shown, or tags are not trusted any more that are shown so.
fn is_newer(state: &State, verifying: &Verifying) -> bool {
    let Some(view) = state.find(&verifying.gun).and_then(|repository| repository.view.as_ref()) else { return false };
    let shown = |tag: &str| {
        let trusted = view.tags.iter().find(|row| *row.name == *tag && row.state == TagState::Trusted);
        trusted.map(|row| row.digest.as_str())
    };
    verifying.images.iter().any(|image| match &image.ended {
        Some(Ok(())) => {
            let signed = image.parts.iter().find(|checked| checked.part == ImagePart::Signed);
            signed.is_some_and(|checked| checked.digest.strip_prefix("sha256:") != shown(&image.tag))
        }
        Some(Err(failure)) => !failure.problem.kind.allows_cache() && shown(&image.tag).is_some(),
        None => false,
    })
}

/// Writes what is known into the report that is open.
fn show(state: &mut State) {
    let Some(verifying) = &state.verifying else { return };
    let name = state.short_name(&state.name_of(&verifying.gun)).to_owned();
    let fresh = report(verifying, &name);
    let open = state.dialogs.iter_mut().rev().find_map(|dialog| match dialog {
        Dialog::Report(report) if report.title == RUNS || report.title == ENDED => Some(report),
        _ => None,
    });
    if let Some(open) = open {
        *open = Report { offset: open.offset, ..fresh };
    }
}

/// What was found, for reading: what is wrong first, then every part or, of several images, every image.
fn report(verifying: &Verifying, name: &str) -> Report {
    let images = &verifying.images;
    let stop = vec![Effect::Registry(RegistryWork::StopVerifying)];
    let mut report = Report {
        title: if verifying.ended { ENDED.to_owned() } else { RUNS.to_owned() },
        subject: subject(verifying, name),
        on_close: if verifying.ended { vec![] } else { stop },
        ..Report::default()
    };
    if let Some((image, checked)) = images.iter().find_map(|image| Some((image, image.wrong()?))) {
        report.facts = facts(image, checked);
    }
    let told = images.iter().find_map(Image::wrong);
    for image in images {
        report.parts.push(headline(image));
        if let [_] = images.as_slice() {
            report.parts.extend(image.parts.iter().map(|checked| part(checked, told)));
        } else {
            let wrong = image.parts.iter().filter(|checked| checked.fails());
            report.parts.extend(wrong.map(|checked| part(checked, told)));
        }
    }
    if images.iter().any(Image::refuted) {
        let pulls = "A pull that checks digests fails. Push the image again and verify it once more, or revoke the tag: \
                     d in the list.";
        report.notes.push(pulls.to_owned());
    }
    if verifying.read > 0 {
        report.notes.push(format!("{} read", bytes(verifying.read)));
    }
    report
}

fn subject(verifying: &Verifying, name: &str) -> String {
    let images = &verifying.images;
    let done = images.iter().filter(|image| image.ended.is_some()).count();
    let good = images.iter().filter(|image| image.is_good()).count();
    match (verifying.ended, images.as_slice()) {
        (true, [image]) if image.is_good() => format!("{name}:{} is what is signed", image.tag),
        (true, [image]) if image.refuted() => format!("{name}:{} is NOT what is signed", image.tag),
        (true, [image]) => format!("{name}:{} could not be verified", image.tag),
        (true, _) if good == images.len() => format!("all {good} tags of {name} are what is signed"),
        (true, _) => format!("{} of {} tags of {name} could not be proven", images.len() - good, images.len()),
        (false, [image]) => format!("{name}:{}", image.tag),
        (false, _) => format!("{done} of {} tags of {name}", images.len()),
    }
}

fn headline(image: &Image) -> Part {
    let (tone, word) = match &image.ended {
        None if image.wrong().is_none() => (Tone::Note, "reading"),
        Some(Ok(())) if image.wrong().is_none() => (Tone::Done, "ok"),
        None | Some(Ok(())) if image.refuted() => (Tone::Fail, "wrong"),
        _ => (Tone::Fail, "not verified"),
    };
    let drifted = |digest: &String| {
        format!("the registry holds another image under the tag, which pulls without content trust get: {digest}")
    };
    let below: Vec<String> = match &image.ended {
        Some(Err(failure)) => vec![failure.problem.message.clone(), failure.problem.hint.clone()],
        Some(Ok(())) => not_verified(&image.parts).into_iter().chain(image.drifted_to.as_ref().map(drifted)).collect(),
        None => Vec::new(),
    };
    Part::new(tone, image.tag.clone(), word).with(below.join("; "))
}

fn part(checked: &CheckedPart, told: Option<&CheckedPart>) -> Part {
    let (tone, word) = match &checked.finding {
        PartFinding::Good => (Tone::Done, "ok"),
        PartFinding::Skipped(_) => (Tone::Note, "skipped"),
        PartFinding::Wrong { .. } if checked.is_gone() => (Tone::Warn, "gone"),
        PartFinding::Wrong { suspect: Suspect::Nobody, .. } | PartFinding::Unproven(_) => (Tone::Warn, "unread"),
        PartFinding::Wrong { .. } => (Tone::Fail, "wrong"),
    };
    let size = bytes(checked.size);
    let short: String = checked.digest.chars().take("sha256:".len() + 12).collect();
    let part = Part::new(tone, format!("{}, {size}, {short}", checked.part), word);
    match &checked.finding {
        PartFinding::Skipped(why) => part.with(why.to_string()),
        // What is told in full above need not be told again.
        PartFinding::Wrong { error, .. } if told != Some(checked) => part.with(error.to_string()),
        PartFinding::Unproven(why) if told != Some(checked) => part.with(why.to_string()),
        PartFinding::Wrong { .. } | PartFinding::Unproven(_) | PartFinding::Good => part,
    }
}

/// The part that is wrong, what was expected and found, and whom not to trust.
fn facts(image: &Image, checked: &CheckedPart) -> Vec<(&'static str, String)> {
    let mut facts = vec![("part", format!("{} of {}", checked.part, image.tag))];
    let (suspect, error) = match &checked.finding {
        PartFinding::Wrong { suspect, error } => (suspect, error),
        PartFinding::Unproven(why) => {
            facts.push(("manifest", digits(&checked.digest)));
            facts.push(("found", why.to_string()));
            facts.push(("distrust", "nobody yet: it could not be looked at".to_owned()));
            return facts;
        }
        PartFinding::Good | PartFinding::Skipped(_) => return vec![],
    };
    match error {
        RemoteError::Altered { expected, found, .. } => {
            facts.push(("expected", digits(expected)));
            facts.push(("found", digits(found)));
        }
        RemoteError::Length { expected, found, .. } => {
            facts.push(("blob", digits(&checked.digest)));
            facts.push(("expected", format!("{expected} bytes")));
            facts.push(("found", format!("{found} bytes")));
        }
        error => {
            facts.push(("blob", digits(&checked.digest)));
            facts.push(("found", error.to_string()));
        }
    }
    facts.push((
        "distrust",
        match suspect {
            Suspect::Registry => "the registry, or the way to it: these are not the bytes that were signed".to_owned(),
            Suspect::Signature => "the signature: what is signed contradicts itself".to_owned(),
            Suspect::Nobody if checked.is_gone() => "nobody: push that very image again, or revoke the tag".to_owned(),
            Suspect::Nobody => "nobody yet: it could not be read; try again".to_owned(),
        },
    ));
    facts
}

fn digits(digest: &str) -> String {
    digest.split_once(':').map_or_else(|| digest.to_owned(), |(_, digits)| words::grouped(digits))
}
