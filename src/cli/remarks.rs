//! What happens on the way, told while a command runs, and the questions of servers for a login.

use std::sync::Arc;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::terminal::{ask_line, ask_passphrase};
use super::{Command, Context, arguments, docker_client};
use crate::engine::RemoteError;

/// Tells remarks from now on; ends with [`Remarks::finish`].
pub(super) struct Remarks(tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>);

impl Remarks {
    pub(super) fn tell(context: &Context) -> Self {
        let (console, mut heard) = (context.console, context.engine.servers().remarks());
        let (end, mut ended) = tokio::sync::oneshot::channel::<()>();
        let telling = tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    remark = heard.recv() => match remark {
                        Ok(remark) => console.say(&remark.to_string()),
                        Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => return,
                    },
                    _ = &mut ended => break,
                }
            }
            loop {
                match heard.try_recv() {
                    Ok(remark) => console.say(&remark.to_string()),
                    Err(TryRecvError::Lagged(_)) => {}
                    Err(_) => return,
                }
            }
        });
        Self(end, telling)
    }

    /// Tells what is left.
    pub(super) async fn finish(self) {
        drop(self.0);
        // It ends by itself, or with the runtime.
        let _ = self.1.await;
    }
}

/// Says that what is staged cannot be read, where the command needs nothing of it.
pub(super) fn unread_stage(context: &Context, command: &Command) {
    let needs_none = matches!(
        command,
        Command::Inspect(_)
            | Command::Key(_)
            | Command::Tags(_)
            | Command::Drift(_)
            | Command::Resolve(_)
            | Command::Pull(_)
            | Command::Gate(_)
            | Command::Verify(_)
            | Command::Changelist(_)
            | Command::Delegation(arguments::Delegation::List(_))
    );
    if needs_none && let Err(error) = context.engine.stage().staged() {
        context.console.say(&format!("{error}; {}", error.hint()));
    }
}

/// Lets servers ask for a login where somebody is there to answer.
pub(super) fn ask_logins(context: &Context) {
    if !context.console.interactive {
        return;
    }
    let console = context.console;
    let asker = move |registry: &str, lacking: Option<&RemoteError>| {
        if let Some(error) = lacking {
            console.say(&error.to_string());
        }
        let user = ask_line(&format!("User name at {registry}")).ok().filter(|user| !user.is_empty())?;
        let password = ask_passphrase(&format!("Password of {user} at {registry}")).ok()?;
        Some((user, password))
    };
    context.engine.servers().ask_logins_with(Arc::new(asker));
}

/// Says once on this machine, for each version of docker, that it ignores DOCKER_CONTENT_TRUST.
pub(super) async fn content_trust(context: &Context, command: &Command) {
    // It says so itself, whenever it is asked.
    if matches!(command, Command::Status(_)) {
        return;
    }
    if let Some(words) = docker_client::news_of_content_trust(&context.engine).await {
        context.console.say(&words);
    }
}
