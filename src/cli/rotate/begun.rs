//! Rotations, renewals and set-ups that were begun: list, go on, give up.

use serde::Serialize;

use super::base::{go_on, prepare};
use super::keys::with_key;
use crate::cli::arguments::{Forget, Resume};
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::table::Table;
use crate::cli::{Context, age};
use crate::engine::Problem;
use crate::engine::wizard::{Choice, StepState};
use crate::printable::printable;
use crate::tuf::Gun;

#[derive(Serialize)]
struct WizardRow {
    id: String,
    what: String,
    repositories: Vec<Gun>,
    begun: jiff::Timestamp,
    /// The step that is next; none once nothing is left.
    next: Option<String>,
    /// Why it cannot be done now, or nobody can tell how far it is.
    waits: Option<String>,
    reminder: Option<String>,
    commands: Vec<String>,
}

/// Runs `rotate list`.
///
/// # Errors
/// As the engine's.
pub(super) async fn list(context: &Context) -> Result<Ending, Problem> {
    let begun = context.engine.wizards().list()?;
    let guns: Vec<Gun> = begun.iter().flat_map(|choice| choice.repositories.clone()).collect();
    // What could not be read is said where its facts are used.
    context.views(&guns).await;
    let rows = begun.iter().map(|choice| row(context, choice)).collect::<Result<Vec<WizardRow>, Problem>>()?;
    if context.console.json {
        context.console.result_json(&rows)?;
        return Ok(Ending::done());
    }
    if rows.is_empty() {
        context.console.result("nothing was begun\n")?;
        return Ok(Ending::done());
    }
    let mut table = Table::with_header(&["ID", "WHAT", "REPOSITORIES", "BEGUN", "NEXT"]);
    for row in &rows {
        let names: Vec<&str> = row.repositories.iter().map(Gun::as_str).collect();
        let next = row.reminder.as_ref().or(row.waits.as_ref()).or(row.next.as_ref());
        let next = next.map_or("nothing is left", String::as_str);
        let begun = age(context.engine.now(), row.begun);
        table.row([row.id.as_str(), &row.what, &names.join(" "), &begun, next]);
    }
    context.console.result(&table.text("", 2))?;
    context.console.note("go on with: trustdeck rotate resume ID; give up with: trustdeck rotate forget ID");
    Ok(Ending::done())
}

fn row(context: &Context, choice: &Choice) -> Result<WizardRow, Problem> {
    let begun = context.engine.wizards().how_far(choice);
    let next = begun.next.as_ref();
    let unread = begun.unread.as_ref().map(|problem| format!("cannot be read: {}", problem.message));
    Ok(WizardRow {
        id: context.engine.wizards().wizard_id(choice)?,
        what: choice.wizard.title(),
        repositories: choice.repositories.clone(),
        begun: choice.begun,
        next: next.map(|step| step.title.clone()),
        waits: next
            .and_then(|step| match &step.state {
                StepState::Blocked(why) => Some(why.clone()),
                _ => None,
            })
            .or(unread),
        reminder: begun.due(context.engine.now()).map(str::to_owned),
        commands: next.map(|step| step.commands.clone()).unwrap_or_default(),
    })
}

/// Runs `rotate resume`.
///
/// # Errors
/// `Input` if no wizard or several have this ID; as [`super::rotate`].
pub(super) async fn resume(context: &Context, command: &Resume) -> Result<Ending, Problem> {
    let choice = find(context, &command.id)?;
    prepare(context, &choice.repositories, &command.publishing).await?;
    let chosen = with_key(context, choice, Vec::new(), &command.publishing)?;
    go_on(context, chosen, &command.publishing).await
}

/// Runs `rotate forget`.
///
/// # Errors
/// As [`resume`].
pub(super) fn forget(context: &Context, command: &Forget) -> Result<Ending, Problem> {
    let choice = find(context, &command.id)?;
    context.engine.wizards().forget_wizard(&choice)?;
    let what = format!("given up: {}; keys and what is staged stay", choice.wizard.title());
    if context.console.json {
        context.console.result_json(&serde_json::json!([]))?;
    } else {
        context.console.result(&format!("{}\n", printable(&what)))?;
    }
    Ok(Ending::done())
}

fn find(context: &Context, id: &str) -> Result<Choice, Problem> {
    let mut found = Vec::new();
    for choice in context.engine.wizards().list()? {
        if !id.is_empty() && context.engine.wizards().wizard_id(&choice)?.starts_with(&id.to_ascii_lowercase()) {
            found.push(choice);
        }
    }
    match (found.pop(), found.len()) {
        (Some(choice), 0) => Ok(choice),
        (Some(_), _) => Err(input(format!("{id:?} means several"), "give more of the ID")),
        (None, _) => {
            Err(input(format!("nothing that was begun has the ID {id:?}"), "trustdeck rotate list shows them"))
        }
    }
}
