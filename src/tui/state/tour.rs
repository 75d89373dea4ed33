//! The sandbox's tour: a few steps, each with a sentence and a test on the state.

use crate::tuf::Gun;
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
    /// What to press where the step is done, and why: at most 58 cells, so that it is whole at 60 columns.
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
    /// This tag is staged to be signed.
    TagStaged(Gun, &'static str),
    /// An image of it was verified, best this one.
    Verified(Gun, &'static str),
}

impl Goal {
    /// The tag that it is about.
    #[must_use]
    pub fn tag(&self) -> Option<&'static str> {
        match self {
            Self::TagStaged(_, tag) | Self::Verified(_, tag) => Some(tag),
            _ => None,
        }
    }

    /// Whether it goes on with what was staged before.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Reviewing | Self::Published(_))
    }

    /// Whether it is reached by looking alone.
    fn only_looks(&self) -> bool {
        matches!(self, Self::Shows(..) | Self::Compared(_) | Self::Verified(..))
    }
}

impl Tour {
    /// Leads from a repository over a new signer and the review to the publish. `key_file` is a public key to add.
    #[must_use]
    pub fn first_signer(gun: &Gun, name: &str, signer: &str, key_file: &str, passphrase: &str) -> Self {
        let step = |title, sentence: String, done| TourStep { title, sentence, done };
        let steps = vec![
            step(
                "Look around.",
                format!("Press enter: the roles of {name}, and who signs."),
                Goal::Shows(Pane::Roles, gun.clone()),
            ),
            step(
                "Add a signer.",
                format!("Press a, then enter: {signer} is filled in."),
                Goal::SignerStaged(gun.clone()),
            ),
            step("Review.", "Press p: see what would change; nothing is sent yet.".to_owned(), Goal::Reviewing),
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
            step("Sign.", "Press s: nobody has signed edge yet.".to_owned(), Goal::TagStaged(gun.clone(), "edge")),
            step(
                "Drift.",
                "Press s: latest was pushed again since it was signed.".to_owned(),
                Goal::TagStaged(gun.clone(), "latest"),
            ),
            step("Publish.", format!("Press P; the passphrase is {passphrase}."), Goal::Published(gun.clone())),
            step(
                "Verify.",
                "Press V, then enter: is 0.11 still what was signed?".to_owned(),
                Goal::Verified(tampered.clone(), "0.11"),
            ),
        ];
        self.steps.extend(more);
        self
    }

    /// The steps that are for looking alone, where nothing may be changed.
    #[must_use]
    pub fn only_looking(mut self) -> Self {
        self.steps.retain(|step| step.done.only_looks());
        self
    }

    /// Goes on without the step that is shown; what would go on with it is left out too, if nothing is staged.
    pub fn skip(&mut self, is_staged: bool) {
        self.at += 1;
        while !is_staged && self.step().is_some_and(|step| step.done.goes_on()) {
            self.at += 1;
        }
        self.at = self.at.min(self.steps.len());
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
