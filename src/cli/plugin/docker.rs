//! What the commands of the plugin share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::input;
use super::program::DockerProgram;
use crate::cli::console::Console;
use crate::cli::context::Context;
use crate::cli::settings::{settings, sources};
use crate::cli::{Globals, signals};
use crate::engine::plan::facts::RootKeyAtHand;
use crate::engine::reference::{RepositoryRef, capitals, parse_repository};
use crate::engine::{Change, Engine, FirstContact, RepositoryView, RootKeyChoice};

/// What the commands of the plugin share.
pub(super) struct Docker {
    pub(super) context: Context,
    pub(super) program: DockerProgram,
}

impl Docker {
    pub(super) fn open(console: Console, globals: Vec<String>) -> Result<Self, Failure> {
        let mut settings = settings(&Globals::default(), FirstContact::Trust)?;
        let program = DockerProgram::new(&settings.helper_environment, globals);
        if let Some(directory) = program.config_directory() {
            settings.docker_config = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
            settings.trust_dir = settings.docker_config.join("trust");
        }
        let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now))?;
        let sources = sources(&Globals::default())?;
        let (stop, busy) = (CancellationToken::new(), signals::Busy::default());
        signals::watch(stop.clone(), busy.clone());
        let globals = Globals::default();
        Ok(Self { context: Context { engine, console, globals, sources: Arc::new(sources), stop, busy }, program })
    }

    /// Writes what Docker writes to standard output; text from outside in it must be printable already.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        Ok(self.context.console.result(text)?)
    }

    /// Reads a reference as Docker does.
    pub(super) fn reference(&self, typed: &str) -> Result<RepositoryRef, Failure> {
        let why = || capitals(typed).map(|path| format!(": repository name ({path}) must be lowercase"));
        parse_repository(typed, false)
            .map_err(|_| Failure::new(format!("invalid reference format{}", why().unwrap_or_default())))
    }

    /// Asks the server about a repository.
    pub(super) async fn view(&self, reference: &RepositoryRef) -> Result<RepositoryView, Failure> {
        let view = self.context.view(&reference.gun).await?;
        if view.lost {
            return Err(self.context.engine.trust().nothing_there(&view.gun).into());
        }
        Ok(view)
    }

    /// The making of a repository, with the root key that Docker takes: of several the first by ID, which is said.
    pub(super) fn creation(&self, typed: &str) -> Change {
        let root_key = match self.context.engine.stage().root_key_at_hand() {
            RootKeyAtHand::Several(ids) => ids.into_iter().min(),
            _ => None,
        };
        if let Some(id) = &root_key {
            self.context.console.say(&format!(
                "several root keys are at hand: {typed} gets {id}, the first by ID, as docker trust takes it"
            ));
        }
        Change::Create { root_key: root_key.map_or(RootKeyChoice::Auto, RootKeyChoice::Stored) }
    }

    /// Docker's sentence about a repository without trust data.
    pub(super) fn nothing_there(view: &RepositoryView) -> Failure {
        let host = view.server.split_once("://").map_or(view.server.as_str(), |(_, rest)| rest);
        Failure::new(format!("{host} does not have trust data for {}", view.gun))
    }

    /// Asks a question that `y` answers, as Docker does: on standard output, whoever is there.
    pub(super) fn confirms(&self, question: &str) -> Result<bool, Failure> {
        self.say(&format!("{question} [y/N] "))?;
        let answer = input::line().map_err(|error| Failure::new(error.to_string()))?;
        let answer = answer.unwrap_or_default();
        Ok(answer.eq_ignore_ascii_case("y"))
    }
}
