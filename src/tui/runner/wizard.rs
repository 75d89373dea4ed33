//! Performs what wizards ask for. Blocking work; what was chosen is on disk before anything follows from it.

mod keys;

use std::path::Path;

use super::token::attendant;
use super::{Performer, failure};
use crate::engine::error::refuse;
use crate::engine::reference::parse_bare;
use crate::engine::wizard::new_keys::PlaceOnToken;
use crate::engine::wizard::{Choice, Facts, HandOver, Wizard, is_finished};
use crate::engine::{Engine, EngineError};
use crate::tuf::{Gun, SignerName};
use crate::tui::messages::event::{JobId, Outcome};
use crate::tui::messages::failure::Failure;
use crate::tui::messages::keywork::AtToken;
use crate::tui::messages::wizard_task::{KeySource, Learned, Task};

type Result<T> = std::result::Result<T, EngineError>;

/// What is made on a token.
enum Made {
    /// The new key of a role, with its label.
    Key(String),
    /// The key of a first signer.
    Signer(SignerName),
}

impl Performer {
    pub(super) async fn wizard(&self, job: JobId, task: Task) -> Outcome {
        Outcome::Wizard(match task {
            Task::SetUp(name) => self.set_up(&name).await,
            Task::TakeOver(file) => self.take_over(self.engine.settings().typed_paths.expanded(&file)).await,
            Task::Key(choice, KeySource::OnToken { at, label }) => {
                self.on_token(job, choice, at, Made::Key(label)).await
            }
            Task::Signer(choice, name, KeySource::OnToken { at, .. }) => {
                self.on_token(job, choice, at, Made::Signer(name)).await
            }
            task => self.blocking(move |engine| perform(engine, task)).await,
        })
    }

    async fn on_token(
        &self,
        job: JobId,
        mut choice: Choice,
        at: AtToken,
        what: Made,
    ) -> std::result::Result<Learned, Failure> {
        let (pins, attendant) = (at.pins(&self.sources), attendant(&self.events, job, &self.stop_keys));
        self.waiting(move |engine| {
            let place = PlaceOnToken { token: &at.serial, pins: &pins, attendant: &attendant };
            let (verb, said) = match what {
                Made::Key(label) => ("new key", keys::on_token(engine, &mut choice, place, &label)?),
                Made::Signer(name) => {
                    engine.wizards().make_signer_on_token(&mut choice, &name, place)?;
                    ("signer", name.to_string())
                }
            };
            Ok(Learned::Did(facts(engine, &choice)?, verb, said))
        })
        .await
    }

    async fn set_up(&self, name: &str) -> std::result::Result<Learned, Failure> {
        let parsed = parse_bare(name, false).or_else(|first| parse_bare(name, true).map_err(|_| first));
        let gun = parsed.map_err(failure::of)?;
        let entries = self.blocking(|engine| engine.views().entries()).await?;
        let was_listed = entries.iter().any(|entry| entry.gun == gun);
        self.list(vec![gun.clone()]).await?;
        if let Err(error) = self.engine.views().refresh_until(&gun, &self.stop).await {
            if !was_listed {
                // Nothing was begun: no row stays for what could not be read.
                self.blocking(move |engine| engine.trust().remove_entry(&gun)).await?;
            }
            return Err(failure::of(error));
        }
        self.blocking(move |engine| open(engine, Wizard::FirstSetup, vec![gun.clone()], &[gun])).await
    }

    async fn take_over(&self, file: std::path::PathBuf) -> std::result::Result<Learned, Failure> {
        let choice = self.blocking(move |engine| Ok(handed(&file)?.choice(engine.now()))).await?;
        self.list(choice.repositories.clone()).await?;
        for gun in &choice.repositories {
            // What a server does not tell is said by the step that needs it.
            let _ = self.engine.views().refresh_until(gun, &self.stop).await;
        }
        self.blocking(move |engine| {
            if let Some(begun) = engine.wizards().begun_wizard(&choice.wizard, &choice.repositories)? {
                return Ok(Learned::Opened(facts(engine, &begun)?));
            }
            engine.wizards().keep_wizard(&choice)?;
            Ok(Learned::Opened(facts(engine, &choice)?))
        })
        .await
    }

    async fn list(&self, guns: Vec<Gun>) -> std::result::Result<(), Failure> {
        self.blocking(move |engine| guns.iter().try_for_each(|gun| engine.trust().add_entry(gun))).await
    }
}

fn perform(engine: &Engine, task: Task) -> Result<Learned> {
    Ok(match task {
        Task::List => Learned::Begun(engine.wizards().begun_wizards()?),
        // What cannot be read is said by the list.
        Task::Remind => Learned::Reminded(engine.wizards().begun_wizards().unwrap_or_default()),
        Task::Open { wizard, candidates, chosen } => return open(engine, wizard, candidates, &chosen),
        Task::SetUp(_) | Task::TakeOver(_) => return Err(refuse("servers must be asked first", "open it again")),
        Task::Resume(choice) => Learned::Opened(as_kept(engine, choice)?),
        Task::GiveUp(choice) => Learned::ToGiveUp(as_kept(engine, choice)?),
        Task::Begin(wizard, guns) => return begin(engine, wizard, guns),
        Task::Look(choice) => Learned::Seen(facts(engine, &choice)?),
        Task::Keep(choice) => {
            engine.wizards().keep_wizard(&choice)?;
            Learned::Kept(Box::new(choice))
        }
        Task::Key(mut choice, source) => {
            let said = keys::take(engine, &mut choice, source)?;
            Learned::Did(facts(engine, &choice)?, "new key", said)
        }
        Task::Signer(mut choice, name, source) => {
            keys::first_signer(engine, &mut choice, &name, source)?;
            Learned::Did(facts(engine, &choice)?, "signer", name.to_string())
        }
        Task::BackUp { choice, keys, file, seal, own } => {
            let said = keys::back_up(engine, &keys, &file, seal, &own)?;
            Learned::Did(facts(engine, &choice)?, "backed up and tested", said)
        }
        Task::HandOver(choice, file) => {
            return hand_over(engine, &choice, &engine.settings().typed_paths.expanded(&file));
        }
        Task::Close(guns) => {
            engine.wizards().close_set_ups(&guns)?;
            Learned::Reminded(engine.wizards().begun_wizards()?)
        }
        Task::Forget(choice) => {
            engine.wizards().forget_wizard(&choice)?;
            Learned::Forgotten(choice.wizard.title())
        }
        Task::Abandon(choice, unlisted) => {
            unlisted.iter().try_for_each(|gun| engine.trust().remove_entry(gun))?;
            engine.wizards().forget_wizard(&choice)?;
            Learned::GivenUp(choice.wizard.title())
        }
    })
}

fn facts(engine: &Engine, choice: &Choice) -> Result<Box<Facts>> {
    Ok(Box::new(engine.wizards().wizard_facts(choice)?))
}

/// The list may be older than what was kept last.
fn as_kept(engine: &Engine, choice: Choice) -> Result<Box<Facts>> {
    let kept = engine.wizards().begun_wizard(&choice.wizard, &choice.repositories)?;
    facts(engine, &kept.unwrap_or(choice))
}

/// The one that was begun and is not finished, else a new one to choose repositories for.
fn open(engine: &Engine, wizard: Wizard, candidates: Vec<Gun>, chosen: &[Gun]) -> Result<Learned> {
    let mut begun = engine.wizards().list()?;
    begun.retain(|choice| choice.wizard == wizard && choice.repositories.iter().any(|gun| chosen.contains(gun)));
    for choice in begun.into_iter().rev() {
        let found = engine.wizards().wizard_facts(&choice)?;
        if !is_finished(&found) {
            return Ok(Learned::Opened(Box::new(found)));
        }
    }
    let choice = engine.wizards().new_wizard(wizard, candidates)?;
    Ok(Learned::ToChoose(facts(engine, &choice)?, chosen.to_vec()))
}

fn begin(engine: &Engine, wizard: Wizard, guns: Vec<Gun>) -> Result<Learned> {
    if let Some(choice) = engine.wizards().begun_wizard(&wizard, &guns)? {
        let found = engine.wizards().wizard_facts(&choice)?;
        if !is_finished(&found) {
            return Ok(Learned::Opened(Box::new(found)));
        }
    }
    let choice = engine.wizards().new_wizard(wizard, guns)?;
    engine.wizards().keep_wizard(&choice)?;
    Ok(Learned::Opened(facts(engine, &choice)?))
}

/// Reads a hand-over file; what to do where it is none is a key here, a command elsewhere.
fn handed(file: &Path) -> Result<HandOver> {
    HandOver::read(file).map_err(|error| match error {
        EngineError::Input { message, .. } => {
            refuse(message, "ask for a new one: the wizard that waits for your signature (W) writes it")
        }
        other => other,
    })
}

fn hand_over(engine: &Engine, choice: &Choice, file: &Path) -> Result<Learned> {
    let found = facts(engine, choice)?;
    let handed = HandOver::of(&found).ok_or_else(|| refuse("no new key was chosen yet", "choose it first"))?;
    handed.write(file)?;
    Ok(Learned::Did(found, "hand-over file written", file.display().to_string()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::handed;

    #[test]
    fn a_file_that_is_no_hand_over_is_refused_with_a_key_of_the_screen() {
        let hint = handed(Path::new("Cargo.toml")).err().map(|error| error.hint()).unwrap_or_default();
        assert!(hint.contains("(W)") && !hint.contains("trustdeck"), "{hint}");
    }
}
