//! `docker trust revoke`.

use super::docker::Docker;
use super::failure::Failure;
use super::one_off::{Loss, OneOff};
use super::options::Given;
use super::sign::signable;
use crate::engine::reference::RepositoryRef;
use crate::engine::view::TagState;
use crate::engine::{Change, EngineError, Health};
use crate::printable::printable;
use crate::tuf::TargetName;

/// Runs the command.
pub(super) async fn run(docker: &Docker, given: &Given) -> Result<(), Failure> {
    let image = given.words.first().map(String::as_str).unwrap_or_default();
    let reference = docker.reference(image)?;
    if reference.digest.is_some() {
        return Err(Failure::new("cannot use a digest reference for IMAGE:TAG"));
    }
    if reference.tag.is_none() && !given.is_set("yes") {
        let question = format!("Confirm you would like to delete all signature data for {}?", printable(image));
        if !docker.confirms(&question)? {
            return Ok(());
        }
    }
    revoke(docker, &reference)
        .await
        .map_err(|failure| failure.within(&format!("could not remove signature for {image}")))?;
    docker.say(&format!("Successfully deleted signature for {}\n", printable(image)))
}

async fn revoke(docker: &Docker, reference: &RepositoryRef) -> Result<(), Failure> {
    let view = docker.view(reference).await?;
    if view.health == Health::New {
        return Err(Docker::nothing_there(&view));
    }
    // Those whose role is not trusted now are gone for good too, as the user wants it.
    let released = view.tags.iter().filter(|tag| tag.state != TagState::Held);
    let wanted = released.filter(|tag| reference.tag.as_ref().is_none_or(|wanted| **wanted == *tag.name));
    let tags: Vec<&str> = wanted.map(|tag| &*tag.name).collect();
    if tags.is_empty() {
        return Err(match &reference.tag {
            Some(tag) => Failure::new(format!("No valid trust data for {tag}")),
            None => Failure::new("no signed tags to remove"),
        });
    }
    signable(&view, tags.first().copied().unwrap_or_default())?;
    let change = |tag: &&str| Ok(Change::Revoke { tag: TargetName::parse(tag)?, roles: Vec::new() });
    let changes: Result<Vec<Change>, EngineError> = tags.iter().map(change).collect();
    let one_off = OneOff::begin(docker, &view.gun).await?;
    one_off.stage(changes?)?;
    one_off.publish(Loss::Refused).await
}
