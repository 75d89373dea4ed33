//! Arguments, settings, screen or command, exit code.

use std::process::ExitCode;

use clap::Parser;
use trustdeck::cli;

fn main() -> ExitCode {
    trustdeck::keys::protect_process();
    if let Some(ended) = cli::start_in_own_session() {
        return ended;
    }
    cli::complete();
    // Fails only if somebody else was faster, which nobody is.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if let Some(ended) = cli::refuse_content() {
        return ended;
    }
    if let Some(name) = cli::called_as_plugin() {
        return cli::plugin(name);
    }
    match cli::Arguments::try_parse() {
        Ok(arguments) => cli::main(arguments),
        Err(error) => cli::usage(&error),
    }
}
