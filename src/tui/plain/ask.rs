//! Questions of dialogs, one line each, with what holds if nothing is typed.

use std::path::PathBuf;

use crossterm::event::KeyCode;

use super::{Session, lines};
use crate::engine::{Passphrase, Strength};
use crate::tui::dialogs::form::{Field, Input};
use crate::tui::dialogs::{Dialog, Purpose};
use crate::tui::forms::adapt;
use crate::tui::route::typed;
use crate::tui::runner::files::public_keys;

/// What leaves a question without an answer.
pub(super) const LEAVE: &str = "!";

impl Session {
    /// Asks for each field of the form on top, then hands it in.
    pub(super) async fn form(&mut self) -> anyhow::Result<bool> {
        if let Some(error) = self.top_form().and_then(|form| form.error.clone()) {
            self.print(&format!("error: {error}"))?;
        }
        self.print(&format!("  ({LEAVE} leaves)"))?;
        let mut place = 0;
        while let Some(field) = self.top_form().and_then(|form| form.fields.get(place)).cloned() {
            // Nothing completes a line.
            let hint = field.hint.trim_end_matches("; tab completes");
            if !hint.is_empty() {
                self.print(&format!("  ({hint})"))?;
            }
            let Some(goes_on) = self.field(&field, place).await? else { return Ok(false) };
            if !goes_on {
                self.press(KeyCode::Esc)?;
                return Ok(true);
            }
            if let Some(Dialog::Form(form)) = self.state.dialogs.last_mut() {
                form.focus = place;
                adapt::adapt(form);
            }
            // Asked again at once, not behind all the others.
            let wrong = self.top_form().and_then(|form| form.wrong.as_ref().map(ToString::to_string));
            match wrong.or_else(|| self.unreadable(place)).or_else(|| self.too_short(place)) {
                Some(wrong) => self.print(&format!("error: {wrong}"))?,
                None => place += 1,
            }
        }
        self.shown.clear();
        self.press(KeyCode::Enter)?;
        // On the screen the cursor goes there; here it has to be said.
        let missing = self.top_form().filter(|form| form.error.is_none() && form.busy.is_none());
        let missing = missing.and_then(|form| form.fields.get(form.focus)).filter(|field| field.is_empty());
        if let Some(label) = missing.map(|field| field.label.text()) {
            self.print(&format!("error: {label} is still empty"))?;
        }
        Ok(true)
    }

    /// Why a file that was named holds no public key, where one is wanted; the field is empty again.
    fn unreadable(&mut self, place: usize) -> Option<String> {
        let form = self.top_form()?;
        let adds_keys = matches!(
            form.purpose,
            Purpose::AddSigner { .. } | Purpose::AddDelegation { .. } | Purpose::EditDelegation { .. }
        );
        let Some(Input::Path(path)) = form.fields.get(place).map(|field| &field.input) else { return None };
        if !adds_keys || path.trimmed().is_empty() {
            return None;
        }
        let (paths, typed) = ([PathBuf::from(path.trimmed())], &self.engine.settings().typed_paths);
        let wrong = public_keys(&paths, typed, self.engine.now()).err()?;
        self.fill(place, |input| {
            if let Input::Path(path) = input {
                path.set("");
            }
        });
        Some(wrong)
    }

    /// Why what was typed is no new passphrase; the field is empty again.
    fn too_short(&mut self, place: usize) -> Option<String> {
        let field = self.top_form()?.fields.get(place)?;
        let Input::NewSecret(secret) = &field.input else { return None };
        if secret.is_empty() || Strength::of(secret) != Strength::TooShort {
            return None;
        }
        self.fill(place, |input| *input = Input::NewSecret(Passphrase::new()));
        Strength::TooShort.remark().map(str::to_owned)
    }

    /// Asks for a field's line; a question mark is answered with what the field takes.
    async fn asked(&mut self, question: &str, field: &Field) -> anyhow::Result<Option<String>> {
        loop {
            let line = self.ask(question).await?;
            if line.as_deref() != Some("?") {
                return Ok(line);
            }
            let hint = Some(field.hint.as_str()).filter(|hint| !hint.is_empty()).map(|hint| format!("{hint}; "));
            let words = "enter takes what stands in [ ]";
            self.print(&format!("  ({}{words}; {LEAVE} leaves)", hint.unwrap_or_default()))?;
        }
    }

    fn top_form(&self) -> Option<&crate::tui::dialogs::Form> {
        if let Some(Dialog::Form(form)) = self.state.dialogs.last() { Some(form) } else { None }
    }

    /// Asks for a field. `None` at the end of the input, else whether the form goes on.
    async fn field(&mut self, field: &Field, place: usize) -> anyhow::Result<Option<bool>> {
        let label = field.label.text();
        match &field.input {
            Input::Text(text) | Input::Path(text) => {
                let known = text.trimmed();
                let question = if known.is_empty() { format!("{label}: ") } else { format!("{label} [{known}]: ") };
                let Some(line) = self.asked(&question, field).await? else { return Ok(None) };
                if line == LEAVE {
                    return Ok(Some(false));
                }
                if !line.is_empty() {
                    self.fill(place, |input| {
                        if let Input::Text(text) | Input::Path(text) = input {
                            text.set(&line);
                        }
                    });
                }
            }
            Input::Secret(_) | Input::NewSecret(_) => {
                self.prompt(&format!("{label} (not shown): "))?;
                let Some(line) = self.reader.secret().await? else { return Ok(None) };
                self.print("")?;
                if line.as_str() == LEAVE {
                    return Ok(Some(false));
                }
                self.fill(place, |input| {
                    if let Input::Secret(secret) | Input::NewSecret(secret) = input
                        && !line.is_empty()
                    {
                        *secret = Passphrase::from_text(&line);
                    }
                });
            }
            Input::Pick(answers, at) => return self.one_of(place, label, answers.clone(), *at).await,
            Input::Token(answers, at) => {
                let answers = answers.iter().map(|answer| answer.words.clone()).collect();
                return self.one_of(place, label, answers, *at).await;
            }
            Input::Switch(words, on) => {
                let usual = if *on { "Y/n" } else { "y/N" };
                let Some(line) = self.asked(&format!("{label} {words} [{usual}]: "), field).await? else {
                    return Ok(None);
                };
                if line == LEAVE {
                    return Ok(Some(false));
                }
                let wanted = if line.is_empty() { *on } else { line.to_lowercase().starts_with('y') };
                self.fill(place, |input| {
                    if let Input::Switch(_, on) = input {
                        *on = wanted;
                    }
                });
            }
        }
        Ok(Some(true))
    }

    async fn one_of(
        &mut self,
        place: usize,
        label: &str,
        answers: Vec<String>,
        at: usize,
    ) -> anyhow::Result<Option<bool>> {
        for (number, answer) in (1..).zip(&answers) {
            self.print(&format!("  {number}. {answer}"))?;
        }
        let Some(line) = self.ask(&format!("{label} [{}]: ", at + 1)).await? else { return Ok(None) };
        if line == LEAVE {
            return Ok(Some(false));
        }
        let chosen = line.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < answers.len());
        self.fill(place, |input| {
            if let Input::Pick(_, at) | Input::Token(_, at) = input {
                *at = chosen.unwrap_or(*at);
            }
        });
        Ok(Some(true))
    }

    fn fill(&mut self, place: usize, set: impl FnOnce(&mut Input)) {
        if let Some(Dialog::Form(form)) = self.state.dialogs.last_mut()
            && let Some(field) = form.fields.get_mut(place)
        {
            set(&mut field.input);
        }
    }

    /// Asks for the passphrase of the prompt on top. A blank line offers the one before, or goes on without.
    pub(super) async fn secret(&mut self) -> anyhow::Result<bool> {
        self.prompt("passphrase, not shown (! leaves): ")?;
        let Some(line) = self.reader.secret().await? else { return Ok(false) };
        self.print("")?;
        match line.as_str() {
            LEAVE => self.press(KeyCode::Esc)?,
            "" => self.press(KeyCode::Tab)?,
            typed => {
                self.typed(typed)?;
                self.press(KeyCode::Enter)?;
            }
        }
        self.shown.clear();
        Ok(true)
    }

    /// Asks for the name that the confirmation on top wants.
    pub(super) async fn name(&mut self) -> anyhow::Result<bool> {
        let Some(line) = self.ask("type the name (! leaves): ").await? else { return Ok(false) };
        if line == LEAVE {
            self.press(KeyCode::Esc)?;
        } else {
            self.typed(&line)?;
            self.press(KeyCode::Enter)?;
        }
        self.shown.clear();
        Ok(true)
    }

    /// Asks for the number of a reply, or of where to go; what has none was read.
    pub(super) async fn choice(&mut self) -> anyhow::Result<bool> {
        if !lines::has_numbers(&self.state) {
            self.press(KeyCode::Esc)?;
            return Ok(true);
        }
        let Some(line) = self.ask("number (enter: the one with >, ! leaves): ").await? else { return Ok(false) };
        match (line.as_str(), line.parse::<usize>()) {
            (LEAVE, _) => self.press(KeyCode::Esc)?,
            ("", _) => self.press(KeyCode::Enter)?,
            (_, Ok(number)) if number > 0 && typed::point(&mut self.state, number - 1) => self.press(KeyCode::Enter)?,
            _ => self.print("there is no such answer")?,
        }
        Ok(true)
    }

    /// Asks what is done next about a report, where something can be.
    pub(super) async fn report(&mut self) -> anyhow::Result<bool> {
        let Some(Dialog::Report(report)) = self.state.dialogs.last() else { return Ok(true) };
        let ways: Vec<String> = report.go.iter().map(|(key, word, _)| format!("{key} {word}")).collect();
        if ways.is_empty() {
            self.press(KeyCode::Esc)?;
            return Ok(true);
        }
        let Some(line) = self.ask(&format!("{}, enter goes on: ", ways.join(", "))).await? else { return Ok(false) };
        match line.chars().next() {
            Some(key) => self.press(KeyCode::Char(key))?,
            None => self.press(KeyCode::Esc)?,
        }
        Ok(true)
    }
}
