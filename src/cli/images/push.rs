//! `push`: pushes an image and signs what was pushed.

use super::program::{ImageProgram, elsewhere};
use crate::cli::Context;
use crate::cli::arguments::{Publishing, Puller, Push};
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::staging::stage;
use crate::cli::wanted::{Wanted, roles};
use crate::cli::{keyfiles, publish, unlock};
use crate::engine::tags::pushed::{self, PushLine};
use crate::engine::wording::shell_word;
use crate::engine::{Change, Kind, Problem, SignedTarget};
use crate::tuf::{Gun, Role, TargetName};

/// Runs the command.
///
/// # Errors
/// If the push fails, or the registry holds something else afterwards.
pub(in crate::cli) async fn run(context: &Context, command: &Push) -> Result<Ending, Problem> {
    publish::require_yes(context, &command.agreement, "to push and sign without a question, add --yes")?;
    let roles = roles(&command.role)?;
    let (gun, tag) = keyfiles::tagged(&command.image, context.globals.gun)?;
    if context.engine.settings().offline {
        return Err(input("a push needs the network, and only the cache is used (--offline)", "leave --offline out"));
    }
    let program = ImageProgram::choose(context, command.with)?;
    can_sign(context, &gun, &tag, &roles).await?;
    let digest = push(context, program, &command.image, tag.as_str()).await.map_err(|problem| {
        let (image, name) = (shell_word(&command.image), program.name());
        let commands = |there: &str, plain: &str| match program.0 {
            Puller::Podman => format!("podman push {plain}{image} {there}:{tag} && trustdeck sign {image}"),
            Puller::Docker => {
                format!("{name} tag {image} {there}:{tag} && {name} push {there}:{tag} && trustdeck sign {image}")
            }
        };
        elsewhere(context, &gun, problem, commands)
    })?;
    let target = context.engine.tags().to_sign(&gun, tag.as_str()).await.map_err(Problem::from)?;
    if target.sha256 != digest {
        let message =
            format!("{} is sha256:{} in the registry, but sha256:{digest} was pushed", command.image, target.sha256);
        let hint = "somebody else pushed this tag at the same time; agree with them, then push again";
        return Err(Problem { kind: Kind::Conflict, ..input(message, hint) });
    }
    let changes = vec![(gun, vec![Change::Sign { tag, target, roles }])];
    let publishing = Publishing { publish: true, dry_run: false, agreement: command.agreement.clone() };
    stage(context, Wanted::of(changes), &publishing).await
}

/// Looks whether a tag can be signed before anything is pushed, and opens the keys: who pushes first leaves a tag that
/// nobody has signed.
async fn can_sign(context: &Context, gun: &Gun, tag: &TargetName, roles: &[Role]) -> Result<(), Problem> {
    let view = context.view(gun).await?;
    context.has_trust_data(&view)?;
    let (sha256, roles) = ("0".repeat(64), roles.to_vec());
    let target = SignedTarget { length: 1, sha256, sha512: None, custom: None, from_registry: false };
    let change = Change::Sign { tag: tag.clone(), target, roles };
    let plan = context.engine.stage().preview(vec![(gun.clone(), change)], std::slice::from_ref(gun), &[])?;
    match plan.repositories.iter().find_map(publish::obstacle) {
        Some(problem) => Err(problem),
        None => unlock::unlock(context, &plan).await,
    }
}

/// Pushes; gives the digest that the program says it pushed, in hexadecimal.
async fn push(context: &Context, program: ImageProgram, image: &str, tag: &str) -> Result<String, Problem> {
    let unsaid = || {
        let hint = format!("sign it with: trustdeck sign {}", shell_word(image));
        input(format!("{} does not say what it pushed", program.name()), hint)
    };
    if program.0 == Puller::Podman {
        // podman writes no line about it, but a file.
        let file = tempfile::NamedTempFile::new().map_err(|error| input(format!("{error}"), "free space in TMPDIR"))?;
        let path = file.path().to_string_lossy().into_owned();
        program.run(context, &["push", "--digestfile", &path, image]).await?;
        let text = std::fs::read_to_string(file.path()).map_err(|_| unsaid())?;
        return text.trim().strip_prefix("sha256:").map(str::to_owned).ok_or_else(unsaid);
    }
    let lines = program.run(context, &["push", image]).await?;
    let said = lines.iter().filter_map(|line| pushed::read(line)).find_map(|line| match line {
        PushLine::Pushed { tag: pushed, target } if pushed == tag => Some(target.sha256),
        _ => None,
    });
    said.ok_or_else(unsaid)
}
