//! The sandbox's tour: a few steps, each with a sentence and a test on the state.

use crate::tuf::Gun;
use crate::tui::kit::format;
use crate::tui::kit::pane::Pane;

/// A tour that runs.
#[derive(Clone, Debug)]
pub struct Tour {
    pub steps: Vec<TourStep>,
    /// The step that is shown; behind the last one the tour is done.
    pub at: usize,
    /// The passphrase of every key in the sandbox.
    pub passphrase: String,
    /// Name and public key file of the signer that the tour adds.
    pub signer: (String, String),
}

/// A step of the tour.
#[derive(Clone, Debug)]
pub struct TourStep {
    pub title: &'static str,
    /// What to press and why, in one line.
    pub sentence: String,
    pub done: Goal,
}

/// When a step is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The pane has the focus and shows this repository.
    Shows(Pane, Gun),
    /// A signer is staged for this repository.
    SignerStaged(Gun),
    /// The review is open.
    Reviewing,
    /// This repository was published.
    Published(Gun),
    /// Its tags are on the screen beside what the registry holds.
    Compared(Gun),
    /// So many tags are staged to be signed.
    TagsStaged(Gun, usize),
    /// An image of it was verified.
    Verified(Gun),
}

impl Tour {
    /// Leads from a repository over a new signer and the review to the publish. `key_file` is a public key to add.
    #[must_use]
    pub fn first_signer(gun: &Gun, name: &str, signer: &str, key_file: &str, passphrase: &str) -> Self {
        let step = |title, sentence: String, done| TourStep { title, sentence, done };
        let steps = vec![
            step(
                "Look around.",
                format!("Go to {name} with j, then press enter."),
                Goal::Shows(Pane::Roles, gun.clone()),
            ),
            step(
                "Add a signer.",
                format!("Press a, then enter: {signer} is filled in."),
                Goal::SignerStaged(gun.clone()),
            ),
            step("Review.", "Press p: see what would change. Nothing is sent yet.".to_owned(), Goal::Reviewing),
            step("Publish.", format!("Press P; the passphrase is {passphrase}."), Goal::Published(gun.clone())),
        ];
        let signer = (signer.to_owned(), key_file.to_owned());
        Self { steps, at: 0, passphrase: passphrase.to_owned(), signer }
    }

    /// Goes on with tags: sign one, look at one that drifted, verify an image of `tampered` that was changed. Whoever has
    /// seen enough ends the tour there.
    #[must_use]
    pub fn then_tags(mut self, gun: &Gun, tampered: &Gun) -> Self {
        let step = |title, sentence: String, done| TourStep { title, sentence, done };
        let passphrase = &self.passphrase;
        let more = vec![
            step("Tags.", "Press 3: what the registry holds stands beside it.".to_owned(), Goal::Compared(gun.clone())),
            step("Sign.", "Nobody signed edge: go there with j, press s.".to_owned(), Goal::TagsStaged(gun.clone(), 1)),
            step(
                "Drift.",
                "latest was pushed again: go there, press s, compare, enter.".to_owned(),
                Goal::TagsStaged(gun.clone(), 2),
            ),
            step("Publish.", format!("Press P; the passphrase is {passphrase}."), Goal::Published(gun.clone())),
            step(
                "Verify.",
                format!("Press 1, to {}, 3, to 0.11; V, then enter.", format::short_name(tampered.as_str())),
                Goal::Verified(tampered.clone()),
            ),
        ];
        self.steps.extend(more);
        self
    }

    /// Whether the step that is shown wants a signer for one of these repositories.
    #[must_use]
    pub fn adds_signer_to(&self, guns: &[Gun]) -> bool {
        matches!(self.step().map(|s| &s.done), Some(Goal::SignerStaged(gun)) if guns.contains(gun))
    }

    /// The step that is shown.
    #[must_use]
    pub fn step(&self) -> Option<&TourStep> {
        self.steps.get(self.at)
    }
}
