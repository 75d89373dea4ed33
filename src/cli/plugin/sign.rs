//! `docker trust sign`: a tag that is signed is signed again as it is, any other is pushed first.

use super::docker::Docker;
use super::failure::Failure;
use super::one_off::{Loss, OneOff};
use super::options::Given;
use super::passphrase::no_key_of;
use crate::cli::unlock::stored_key;
use crate::engine::reference::RepositoryRef;
use crate::engine::view::{RoleView, TagState, TagView};
use crate::engine::{Change, EngineError, Health, RepositoryView, SignedTarget};
use crate::printable::printable;
use crate::tuf::{Gun, PublicKey, Role, SignerName, TargetName};

/// What Docker shows where only the repository's administrator has signed.
const ADMINISTRATOR: &str = "Repo Admin";

/// Runs the command.
pub(super) async fn run(docker: &Docker, given: &Given) -> Result<(), Failure> {
    let image = given.words.first().map(String::as_str).unwrap_or_default();
    let reference = docker.reference(image)?;
    let tag = match (&reference.tag, &reference.digest) {
        (Some(tag), None) => tag.clone(),
        (_, Some(_)) => return Err(Failure::new("cannot use a digest reference for IMAGE:TAG")),
        (None, None) => return Err(Failure::new(format!("no tag specified for {image}"))),
    };
    let mut view = docker.view(&reference).await?;
    if view.health == Health::New {
        docker.check_local_image(image).await?;
        initialize(docker, &reference, image).await?;
        view = docker.view(&reference).await?;
    }
    let signed = view.tags.iter().find(|known| *known.name == *tag && known.state == TagState::Trusted);
    match signed.filter(|_| !given.is_set("local")) {
        Some(signed) => sign_again(docker, &view, signed, image).await?,
        None => push_and_sign(docker, &view, image, &tag).await?,
    }
    docker.say(&format!("Successfully signed {}:{}\n", printable(view.gun.as_str()), printable(&tag)))
}

/// The roles that sign a tag here, as Docker chooses them.
pub(super) fn signable<'v>(view: &'v RepositoryView, tag: &str) -> Result<Vec<&'v RoleView>, Failure> {
    let delegations: Vec<&RoleView> = view.roles.iter().filter(|role| role.depth == 2).collect();
    if delegations.is_empty() {
        return match no_key_of(view, &Role::Targets) {
            Some(failure) => Err(failure),
            None => Ok(view.roles.iter().filter(|role| role.role == Role::Targets).collect()),
        };
    }
    let allows = |role: &RoleView| role.paths.iter().any(|path| tag.starts_with(path.as_str()));
    let at_hand = |role: &RoleView| role.keys.iter().any(|key| key.at_hand);
    let found: Vec<&RoleView> = delegations.into_iter().filter(|role| allows(role) && at_hand(role)).collect();
    if found.is_empty() { Err(Failure::new("no valid signing keys for delegation roles")) } else { Ok(found) }
}

fn unsigned(view: &RepositoryView, tag: &str) -> String {
    format!("failed to sign {}:{tag}", view.gun)
}

async fn sign_again(docker: &Docker, view: &RepositoryView, signed: &TagView, image: &str) -> Result<(), Failure> {
    docker.say(&format!("Signing and pushing trust metadata for {}\n", printable(image)))?;
    let failed = |failure: Failure| failure.within(&unsigned(view, &signed.name));
    let roles = signable(view, &signed.name).map_err(failed)?;
    let mut signers: Vec<String> = signed.signers.iter().map(|name| printable(name)).collect();
    signers.sort();
    let signers = if signers.is_empty() { ADMINISTRATOR.to_owned() } else { signers.join(", ") };
    let tag = printable(&signed.name);
    docker.say(&format!("Existing signatures for tag {tag} digest {} from:\n{signers}\n", signed.digest))?;
    let (known, new): (Vec<&Role>, Vec<&Role>) =
        roles.iter().map(|role| &role.role).partition(|role| signed.roles.contains(role));
    let mut changes: Vec<Change> = known.into_iter().map(|role| Change::Witness { role: role.clone() }).collect();
    if !new.is_empty() {
        let (sha256, sha512) = (signed.digest.clone(), signed.sha512.clone());
        let target =
            SignedTarget { length: signed.length, sha256, sha512, custom: signed.custom.clone(), from_registry: false };
        let tag = TargetName::parse(&signed.name).map_err(EngineError::from)?;
        changes.push(Change::Sign { tag, target, roles: new.into_iter().cloned().collect() });
    }
    let one_off = OneOff::begin(docker, &view.gun).await?;
    one_off.stage(changes).map_err(failed)?;
    one_off.publish(Loss::Refused).await.map_err(failed)
}

async fn push_and_sign(docker: &Docker, view: &RepositoryView, image: &str, tag: &str) -> Result<(), Failure> {
    let failed = |failure: Failure| failure.within(&unsigned(view, tag));
    docker.check_local_image(image).await?;
    signable(view, tag).map_err(failed)?;
    let one_off = OneOff::begin(docker, &view.gun).await?;
    docker
        .context
        .console
        .say(&format!("Signing and pushing trust data for local image {image}, may overwrite remote trust data"));
    let pushed = docker.push(image, tag).await?;
    docker.say("Signing and pushing trust metadata\n")?;
    let target = docker.context.engine.tags().to_sign(&view.gun, tag).await.map_err(|error| failed(error.into()))?;
    if target.sha256 != pushed {
        let what =
            format!("sha256:{pushed} was pushed, but the registry holds sha256:{} under this tag", target.sha256);
        return Err(failed(Failure::new(what)));
    }
    let tag = TargetName::parse(tag).map_err(EngineError::from)?;
    one_off.stage(vec![Change::Sign { tag, target, roles: Vec::new() }]).map_err(failed)?;
    one_off.publish(Loss::Refused).await.map_err(failed)
}

/// Makes the trust data of a repository: its first signer is the user who is logged in to the registry.
async fn initialize(docker: &Docker, reference: &RepositoryRef, image: &str) -> Result<(), Failure> {
    let user = docker.context.engine.servers().user(&reference.gun).await?;
    let user = user.ok_or_else(|| no_user(&reference.gun))?;
    let name = SignerName::parse(&user).map_err(|error| {
        Failure::new(format!("could not add signer to repo: targets/{user}: tuf: invalid role: {error}"))
    })?;
    let one_off = OneOff::begin(docker, &reference.gun).await?;
    one_off.stage(vec![docker.creation(image)])?;
    let (plan, _) = one_off.plan()?;
    docker.unlock(&plan).await?;
    let key = signers_key(docker, name.as_str()).await?;
    one_off.stage(vec![Change::AddSigner { name, keys: vec![key] }])?;
    one_off.publish(Loss::Refused).await?;
    docker.say(&format!(
        "Created signer: {}\nFinished initializing signed repository for {}\n",
        printable(&user),
        printable(image)
    ))
}

fn no_user(gun: &Gun) -> Failure {
    let host = gun.host().unwrap_or_default();
    Failure::new(format!(
        "nobody is logged in to {host}, so nothing says which signer the new repository has\n  docker login {host}, or \
         make it with docker trust signer add"
    ))
}

/// The first stored key of a signer, else a new one.
async fn signers_key(docker: &Docker, name: &str) -> Result<PublicKey, Failure> {
    let (engine, keyring) = (&docker.context.engine, docker.context.engine.keyring());
    let stored = keyring.keys_at_hand().into_iter().find(|id| keyring.stored_role(id).as_deref() == Some(name));
    if let Some(id) = stored {
        docker.unlock_one(&stored_key(&docker.context, &id)).await?;
        return engine.custody().public_half(&id).ok_or_else(|| Failure::new(format!("signing key not found: {id}")));
    }
    let key = engine.custody().make_key()?;
    let passphrase = docker.new_passphrase(name, key.id())?;
    engine.custody().store_key(&key, name, None, &passphrase)?;
    Ok(key.public().clone())
}
