//! Local images, through the `docker` that has called this plugin.

use std::ffi::OsString;

use super::docker::Docker;
use super::failure::Failure;
use crate::cli::images::program as images;
use crate::engine::tags::pushed::{self, PushLine};
use crate::printable::printable;

impl Docker {
    fn engine(&self, arguments: &[&str]) -> images::Call {
        let globals = self.program.globals.iter().map(OsString::from);
        let arguments = globals.chain(arguments.iter().map(OsString::from)).collect();
        images::Call { program: self.program.command.clone(), arguments }
    }

    /// Fails, with the engine's own words, if it has no such image.
    pub(super) async fn check_local_image(&self, image: &str) -> Result<(), Failure> {
        let call = self.engine(&["image", "inspect", "--format", "{{.Id}}", image]);
        let looked = call.output(&self.context.engine).await?;
        if looked.status.success() {
            return Ok(());
        }
        Err(Failure::new(String::from_utf8_lossy(&looked.stderr).trim_end()))
    }

    /// Pushes an image; the engine's words go where Docker's went. Gives the digest that was pushed, in hexadecimal.
    pub(super) async fn push(&self, image: &str, tag: &str) -> Result<String, Failure> {
        let call = self.engine(&["push", image]);
        let mut pushed = None;
        let mut lost = None;
        let heard = |line: &str| {
            match pushed::read(line) {
                Some(PushLine::Pushed { tag: of, target }) if of == tag => pushed = Some(target.sha256),
                _ => {}
            }
            if let Err(failure) = self.say(&format!("{}\n", printable(line))) {
                lost = Some(failure);
            }
        };
        let status = call.run(&self.context, heard).await?;
        match (lost, pushed) {
            (Some(failure), _) => Err(failure),
            // It has said why.
            _ if !status.success() => Err(Failure::new("")),
            (None, Some(digest)) => Ok(digest),
            (None, None) => Err(Failure::new("no targets found, provide a specific tag in order to sign it")),
        }
    }
}
