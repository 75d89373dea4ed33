//! `docker trust signer`: `add`, and a `remove` that removes.

use std::path::PathBuf;

use super::docker::Docker;
use super::failure::{Failure, check_name, io_words, lines_printable};
use super::one_off::{Loss, OneOff};
use super::options::Given;
use super::passphrase::no_key_of;
use crate::engine::custody::file::public_key;
use crate::engine::view::RoleView;
use crate::engine::{Change, Health};
use crate::printable::printable;
use crate::tuf::{PublicKey, Role, SignerName};

/// The delegation that pulls look at; no signer has its name.
const RELEASES: &str = "releases";

/// `docker trust signer add`.
pub(super) async fn add(docker: &Docker, given: &Given) -> Result<(), Failure> {
    let (name, repositories) = given.words.split_first().ok_or_else(|| Failure::new(""))?;
    check_name("signer", name)?;
    if name == RELEASES {
        return Err(Failure::new("releases is a reserved keyword, use a different signer name"));
    }
    let files: Vec<&str> = given.all("key").collect();
    if files.is_empty() {
        return Err(Failure::new("path to a public key must be provided using the `--key` flag"));
    }
    let keys: Vec<PublicKey> = files.into_iter().map(|file| read_key(docker, file)).collect::<Result<_, _>>()?;
    let mut failed = Vec::new();
    for repository in repositories {
        docker.say(&format!("Adding signer \"{name}\" to {}...\n", printable(repository)))?;
        match add_to(docker, name, &keys, repository).await {
            Ok(()) => docker.say("\n")?,
            Err(failure) => failed.push(complain(docker, failure, repository)),
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("failed to add signer to: {}", failed.join(", "))))
    }
}

/// Says what went wrong with one of several; gives its name for the end.
fn complain(docker: &Docker, failure: Failure, repository: &str) -> String {
    docker.context.console.note(&lines_printable(&failure.text));
    // Docker's blank line, which a note would lose.
    docker.context.console.blank();
    repository.to_owned()
}

fn read_key(docker: &Docker, file: &str) -> Result<PublicKey, Failure> {
    let path = PathBuf::from(file);
    if let Err(error) = std::fs::File::open(&path) {
        return Err(Failure::new(io_words("unable to read public key from file: open", &path, &error)));
    }
    public_key(&path, docker.context.engine.now()).map_err(|error| {
        Failure::new(format!("could not parse public key from file: {file}: no valid public key found\n  {error}"))
    })
}

async fn add_to(docker: &Docker, name: &str, keys: &[PublicKey], typed: &str) -> Result<(), Failure> {
    let reference = docker.reference(typed)?;
    let view = docker.view(&reference).await?;
    let signer = SignerName::parse(name).map_err(crate::engine::EngineError::from)?;
    let creates = view.health == Health::New;
    if creates {
        docker.say(&format!("Initializing signed repository for {}...\n", printable(typed)))?;
    } else if let Some(failure) = no_key_of(&view, &Role::Targets) {
        return Err(failure);
    }
    let one_off = OneOff::begin(docker, &view.gun).await?;
    let creation = creates.then(|| docker.creation(typed));
    let added = Change::AddSigner { name: signer, keys: keys.to_vec() };
    one_off.stage(creation.into_iter().chain([added]).collect())?;
    one_off.publish(Loss::Refused).await?;
    if creates {
        docker.say(&format!("Successfully initialized \"{}\"\n", printable(typed)))?;
    }
    docker.say(&format!("Successfully added signer: {name} to {}\n", printable(typed)))
}

/// `docker trust signer remove`.
pub(super) async fn remove(docker: &Docker, given: &Given) -> Result<(), Failure> {
    let (name, repositories) = given.words.split_first().ok_or_else(|| Failure::new(""))?;
    let mut failed = Vec::new();
    for repository in repositories {
        let (name, shown) = (printable(name), printable(repository));
        docker.say(&format!("Removing signer \"{name}\" from {shown}...\n"))?;
        match remove_from(docker, &name, repository, given.is_set("force")).await {
            Ok(true) => docker.say(&format!("Successfully removed {name} from {shown}\n\n"))?,
            Ok(false) => {}
            Err(failure) => failed.push(complain(docker, failure, repository)),
        }
    }
    let text = || format!("error removing signer from: {}", failed.join(", "));
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(text())) }
}

/// Removes a signer; `false` if the user would rather not.
async fn remove_from(docker: &Docker, name: &str, typed: &str, forced: bool) -> Result<bool, Failure> {
    if name == RELEASES {
        return Err(Failure::new("releases is a reserved keyword and cannot be removed"));
    }
    let reference = docker.reference(typed)?;
    let view = docker.view(&reference).await?;
    if view.health == Health::New {
        return Err(Docker::nothing_there(&view).within(&format!("error retrieving signers for {typed}")));
    }
    let is_signers = |role: &&RoleView| role.role.delegation().is_some_and(|of| of.short() == name);
    if !view.roles.iter().any(|role| is_signers(&role)) {
        return Err(Failure::new(format!("no signer {name} for repository {typed}")));
    }
    if let Some(failure) = no_key_of(&view, &Role::Targets) {
        return Err(failure);
    }
    let one_off = OneOff::begin(docker, &view.gun).await?;
    let signer = SignerName::parse(name).map_err(crate::engine::EngineError::from)?;
    one_off.stage(vec![Change::RemoveSigner { name: signer }])?;
    let (_, plan) = one_off.plan()?;
    let loss = if forced { Loss::Forced } else { Loss::Asked };
    let orphaning = plan.warnings.iter().filter(|warning| warning.weight == crate::engine::plan::Weight::Danger);
    let mends: Vec<Change> = orphaning.filter_map(|w| w.fix.clone()).flat_map(|(changes, _)| changes).collect();
    if !mends.is_empty() {
        one_off.warn(&plan, Loss::Refused);
        one_off.stage(mends)?;
    } else if plan.is_dangerous() && !forced {
        one_off.warn(&plan, loss);
        let question = format!(
            "The signer \"{name}\" signed the last released version of {typed}. Removing this signer will make {typed} \
             unpullable. Are you sure you want to continue?"
        );
        if !docker.confirms(&printable(&question))? {
            return Ok(false);
        }
    }
    one_off.publish(loss).await?;
    Ok(true)
}
