//! `gate`: a registry that shows only the signed tags of another.

use std::sync::Arc;

use super::Context;
use super::arguments::Gate;
use super::console::input;
use super::ending::Ending;
use super::signals::ended;
use crate::engine::{Kind, Problem};
use crate::gate::{self, GateError, GateLogin, Options};
use crate::tuf::Gun;

/// The variable with `USER:PASSWORD`; an argument could be read by other users.
const LOGIN: &str = "TRUSTDECK_GATE_AUTH";

/// Serves until a signal ends it.
///
/// # Errors
/// Says what contradicts, cannot be read or cannot be bound.
pub(super) async fn run(context: &Context, command: &Gate) -> Result<Ending, Problem> {
    let options = options(command)?;
    let console = context.console;
    let log: gate::Log = Arc::new(move |line: &str| console.note(line));
    let running = gate::start(&context.engine, &options, Arc::new(jiff::Timestamp::now), log).await.map_err(problem)?;
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let (url, upstream, strict) = (format!("{scheme}://{}", running.address()), &options.upstream, options.strict);
    if console.json {
        console.result_json(&serde_json::json!({ "url": url, "upstream": upstream, "strict": strict }))?;
    } else {
        let kind = if strict { "signed tags and what they reach" } else { "signed tags" };
        console.result(&format!("{url} shows {kind} of {upstream}\n"))?;
    }
    ended().await;
    running.shutdown().await;
    Ok(Ending::done())
}

fn options(command: &Gate) -> Result<Options, Problem> {
    let is_host = Gun::parse(&format!("{}/x", command.upstream));
    if !is_host.is_ok_and(|gun| gun.host() == Some(command.upstream.as_str())) {
        let message = format!("{:?} is no registry", command.upstream);
        return Err(input(
            message,
            "give its host as in images' names, such as registry.example.com or localhost:5000",
        ));
    }
    let login = match command.auth {
        false => None,
        true => {
            let text = std::env::var(LOGIN).map_err(|_| problem(GateError::Login))?;
            Some(GateLogin::parse(&text).map_err(problem)?)
        }
    };
    let tls = command.cert.clone().zip(command.key.clone());
    let (upstream, strict, open) = (command.upstream.clone(), command.strict, command.open);
    Ok(Options { listen: command.listen, upstream, strict, tls, login, open })
}

fn problem(error: GateError) -> Problem {
    let (kind, hint) = match &error {
        GateError::Options(_) => (Kind::Input, "see trustdeck gate --help"),
        GateError::Listen { .. } => (Kind::Input, "give another --listen; port 0 takes any free port"),
        GateError::Tls { .. } => (Kind::Disk, "give a certificate chain and its unencrypted key, both PEM"),
        GateError::Login => (Kind::Input, "set TRUSTDECK_GATE_AUTH=USER:PASSWORD"),
    };
    Problem { kind, ..input(error.to_string(), hint) }
}
