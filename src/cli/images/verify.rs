//! `verify`: whether the registry holds what is signed, down to the layers.

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::resolve::trusted;
use crate::cli::Context;
use crate::cli::arguments::Verify;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::engine::tags::trusted::{Trusted, all_trusted_in};
use crate::engine::tags::verify::{
    CheckedPart, Depth, Heard, ImagePart, PartFinding, Suspect, Unproven, Verification, not_verified,
};
use crate::engine::{EngineError, Kind, Problem, RemoteError};
use crate::printable::printable;

/// Images between two words on how far it is.
const STEP: usize = 20;

#[derive(Serialize)]
struct Verified<'a> {
    image: String,
    digest: &'a str,
    signers: &'a [String],
    good: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_verified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_digest: Option<&'a str>,
    parts: Vec<PartRow<'a>>,
}

#[derive(Serialize)]
struct PartRow<'a> {
    part: String,
    digest: &'a str,
    size: u64,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    distrust: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Only if the result cannot be written.
pub(in crate::cli) async fn run(context: &Context, command: &Verify) -> Result<Ending, Problem> {
    let depth = match command.deep {
        true => Depth::Deep { platform: command.platform.clone() },
        false => Depth::Manifest,
    };
    let mut ending = Ending::done();
    let mut all = Vec::new();
    for typed in &command.references {
        let failures = ending.problems.len();
        match images(context, typed, &mut ending).await {
            Ok(images) => {
                let total = images.len();
                let told = if total == 1 { Told::AsItGoes } else { Told::Whole };
                let checks = stream::iter(images).map(|image| one(context, image, &depth, told));
                let mut checks = checks.buffered(depth.images_at_once());
                let mut done = 0;
                while let Some(checked) = checks.next().await {
                    done += 1;
                    match checked {
                        Ok(verification) => {
                            if told == Told::Whole {
                                tell(context, &verification, (done, total))?;
                            }
                            ending.problems.extend(problem(&verification));
                            all.push(verification);
                        }
                        Err(problem) => ending.problems.push(problem),
                    }
                }
            }
            Err(problem) => ending.problems.push(problem),
        }
        ending.succeeded += usize::from(ending.problems.len() == failures);
    }
    if context.console.json {
        context.console.result_json(&all.iter().map(verified).collect::<Vec<_>>())?;
    }
    if all.iter().any(|image| image.parts.iter().any(CheckedPart::is_refuted)) {
        // However many are good, the exit code says that one is not what is signed.
        ending.succeeded = 0;
    }
    Ok(ending)
}

/// The images that a reference means: one tag, or all that can be pulled. Tags that cannot be for a role that does not
/// count are a failure of the command.
async fn images(context: &Context, typed: &str, ending: &mut Ending) -> Result<Vec<Trusted>, Problem> {
    let target = context.target(typed)?;
    let view = context.relied_on(&target.gun).await?;
    ending.stale |= context.report_freshness(&view);
    if let Some(tag) = &target.tag {
        context.report_losses(&view);
        return Ok(vec![trusted(&view, tag)?]);
    }
    let troubles = context.report_troubles(&view);
    let is_told = !troubles.is_empty();
    ending.problems.extend(troubles);
    let all = all_trusted_in(&view);
    match &target.digest {
        Some(digest) => of_digest(&target.gun, all, digest),
        None if all.is_empty() && !is_told => {
            let message = format!("no tag of {} can be pulled, so there is nothing to verify", view.name);
            let problem = input(message, format!("sign one: trustdeck sign {}:TAG", view.name));
            Err(Problem { kind: Kind::Absent, repository: Some(target.gun.clone()), ..problem })
        }
        None => Ok(all),
    }
}

/// The tags that are signed with a digest; whoever asks by digest asks whether it is signed at all.
fn of_digest(gun: &crate::tuf::Gun, images: Vec<Trusted>, digest: &str) -> Result<Vec<Trusted>, Problem> {
    let found: Vec<Trusted> = images.into_iter().filter(|image| image.digest == digest).collect();
    if found.is_empty() {
        let message = format!("no tag of {gun} is signed with {digest}");
        return Err(input(message, "trustdeck inspect shows what is signed"));
    }
    Ok(found)
}

/// When it is told what was found of an image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// A line for each part as it is done.
    AsItGoes,
    /// All of it in one, since several are checked at the same time.
    Whole,
}

/// Checks one image; it alone says what it found as it goes.
async fn one(context: &Context, image: Trusted, depth: &Depth, told: Told) -> Result<Verification, Problem> {
    let live = told == Told::AsItGoes && !context.console.json;
    if live {
        context.console.result(&headline(&image))?;
    }
    let heard = |heard: Heard<'_>| {
        if let (Heard::Checked(checked), true) = (heard, live) {
            // The ending tells of a result that could not be written; here it is progress.
            drop(context.console.result(&line(checked)));
        }
    };
    let verification = context.engine.tags().verify(image, depth, heard).await?;
    if live {
        context.console.result(&left_out(&verification))?;
        drifted(context, &verification);
    }
    Ok(verification)
}

/// The line on what was not verified, if there is anything.
fn left_out(verification: &Verification) -> String {
    not_verified(&verification.parts).map_or_else(String::new, |what| format!("  {what}\n"))
}

fn drifted(context: &Context, verification: &Verification) {
    if let Some(now) = &verification.drifted_to {
        let tag = &verification.trusted.tag;
        context.console.say(&format!("the registry holds {now} under {tag}; a pull without trust data gets that"));
    }
}

/// How far it is, for programs.
#[derive(Serialize)]
struct Progress<'a> {
    image: String,
    progress: &'a str,
    done: usize,
    total: usize,
}

/// Tells all that was found of one of several images.
fn tell(context: &Context, verification: &Verification, (done, total): (usize, usize)) -> Result<(), Problem> {
    let Trusted { name, tag, .. } = &verification.trusted;
    if context.console.json {
        context.console.event(&Progress { image: format!("{name}:{tag}"), progress: "verified", done, total });
        return Ok(());
    }
    let mut text = headline(&verification.trusted);
    text.extend(verification.parts.iter().map(line));
    text.push_str(&left_out(verification));
    context.console.result(&text)?;
    drifted(context, verification);
    if done % STEP == 0 && done < total {
        context.console.say(&format!("{done} of {total} verified"));
    }
    Ok(())
}

fn headline(image: &Trusted) -> String {
    let signers =
        if image.signers.is_empty() { "the repository's administrator".to_owned() } else { image.signers.join(", ") };
    format!(
        "{}:{}  {}  signed by {}\n",
        printable(&image.name),
        printable(&image.tag),
        image.digest,
        printable(&signers)
    )
}

fn line(checked: &CheckedPart) -> String {
    let note = match &checked.finding {
        PartFinding::Good => String::new(),
        PartFinding::Skipped(why) => format!("  ({why})"),
        PartFinding::Unproven(why) => format!("\n          {}", printable(&why.to_string())),
        PartFinding::Wrong { error, .. } => format!("\n          {}", printable(&error.to_string())),
    };
    let state = state(checked);
    let part = printable(&checked.part.to_string());
    format!("  {state:<7} {part}  {}  {} bytes{note}\n", checked.digest, checked.size)
}

fn state(checked: &CheckedPart) -> &'static str {
    match &checked.finding {
        PartFinding::Good => "ok",
        PartFinding::Skipped(_) => "skipped",
        PartFinding::Wrong { .. } if checked.is_gone() => "gone",
        PartFinding::Wrong { suspect: Suspect::Nobody, .. } | PartFinding::Unproven(_) => "unread",
        PartFinding::Wrong { .. } => "WRONG",
    }
}

fn distrust(finding: &PartFinding) -> Option<&'static str> {
    match finding {
        PartFinding::Wrong { suspect: Suspect::Registry, .. } => Some("registry"),
        PartFinding::Wrong { suspect: Suspect::Signature, .. } => Some("signature"),
        _ => None,
    }
}

/// The first thing that is wrong with an image, as the command's error.
fn problem(verification: &Verification) -> Option<Problem> {
    let checked = verification.wrong()?;
    let gun = &verification.trusted.gun;
    let image = format!("{}:{}", verification.trusted.name, verification.trusted.tag);
    let error = match &checked.finding {
        PartFinding::Wrong { error, .. } => error,
        PartFinding::Unproven(why) => {
            let message = format!("{image}: {} was not verified: {why}", checked.part);
            return Some(Problem { repository: Some(gun.clone()), ..unproven(why, message) });
        }
        PartFinding::Good | PartFinding::Skipped(_) => return None,
    };
    let mut problem = EngineError::Remote { gun: Some(gun.clone()), source: error.clone() }.problem();
    if let RemoteError::NotFound { host, .. } = error {
        problem.message = match checked.part {
            ImagePart::Signed => format!("{image} is signed, but {host} does not have it"),
            _ => format!("{image}: {host} does not have the {}", checked.part),
        };
        problem.hint = format!("push that very image again, or revoke the tag: trustdeck revoke {image}");
        return Some(problem);
    }
    let whom = match distrust(&checked.finding) {
        Some(whom) => format!("do not trust the {whom}: "),
        None => String::new(),
    };
    problem.message = format!("{image}: the {} {}: {whom}{}", checked.part, failing(&checked.finding), problem.message);
    Some(problem)
}

fn unproven(why: &Unproven, message: String) -> Problem {
    let (kind, hint) = match why {
        Unproven::NoPlatform { .. } => {
            (Kind::Absent, "name a platform that is there with --platform, or all without it")
        }
        Unproven::NoConfiguration => (Kind::Limit, "leave --platform out: then all of it is read and checked"),
        Unproven::Form(_) => {
            (Kind::Format, "verify it with a program that knows this form; a pull checks digests alone")
        }
        Unproven::Endless => (Kind::Limit, "ask whoever signed it what it is"),
    };
    Problem { kind, ..input(message, hint) }
}

fn failing(finding: &PartFinding) -> &'static str {
    match finding {
        PartFinding::Wrong { suspect: Suspect::Nobody, .. } => "could not be read",
        _ => "is not what is signed",
    }
}

fn verified(verification: &Verification) -> Verified<'_> {
    let rows = verification.parts.iter().map(|checked| PartRow {
        part: checked.part.to_string(),
        digest: &checked.digest,
        size: checked.size,
        state: state(checked),
        distrust: distrust(&checked.finding),
        skipped: match &checked.finding {
            PartFinding::Skipped(why) => Some(why.to_string()),
            _ => None,
        },
        problem: match &checked.finding {
            PartFinding::Wrong { error, .. } => Some(error.to_string()),
            PartFinding::Unproven(why) => Some(why.to_string()),
            PartFinding::Good | PartFinding::Skipped(_) => None,
        },
    });
    Verified {
        image: format!("{}:{}", verification.trusted.name, verification.trusted.tag),
        digest: &verification.trusted.digest,
        signers: &verification.trusted.signers,
        good: verification.wrong().is_none(),
        not_verified: not_verified(&verification.parts),
        registry_digest: verification.drifted_to.as_deref(),
        parts: rows.collect(),
    }
}
