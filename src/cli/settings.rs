//! Settings and known passphrases, from the global options and what surrounds the program.

use super::console::input;
use super::{Globals, own_session};
use crate::config::{self, Flags, Places};
use crate::engine::keyring::sources::{PassphraseSources, read_descriptor};
use crate::engine::{FirstContact, Problem, Settings};

/// Works out the settings from the global options, the environment and the files.
pub(super) fn settings(globals: &Globals, first_contact: FirstContact) -> Result<Settings, Problem> {
    let flags = Flags {
        server: globals.server.clone(),
        trust_dir: globals.trust_dir.clone(),
        ca: globals.ca.clone(),
        insecure_http: globals.insecure_http,
        offline: globals.offline,
        allow_realm: globals.allow_realm.clone(),
        pkcs11_module: globals.pkcs11_module.clone(),
        log_file: globals.log_file.clone(),
        read_only: globals.read_only,
    };
    let settings = config::settings(&flags, std::env::vars_os(), &Places::of_user()?, first_contact)?;
    // On the screen nobody else may use the terminal.
    let on_screen = first_contact == FirstContact::Ask;
    let helper_launcher = if on_screen { own_session::launcher() } else { Vec::new() };
    Ok(Settings { helper_launcher, ..settings })
}

/// Reads the passphrases that are known before anybody is asked.
pub(super) fn sources(globals: &Globals) -> Result<PassphraseSources, Problem> {
    let unreadable = |descriptor: u32, e: &std::io::Error| {
        input(format!("--passphrase-fd {descriptor}: {e}"), "open the descriptor, such as with 3< FILE in a shell")
    };
    let read = |descriptor: u32| read_descriptor(descriptor).map_err(|e| unreadable(descriptor, &e));
    let from_descriptor = globals.passphrase_fd.map(read).transpose()?;
    Ok(PassphraseSources::new(from_descriptor.as_ref().map(|text| text.as_slice()), std::env::vars_os()))
}
