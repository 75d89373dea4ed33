//! What keeps secrets from leaving this process through the system.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Turns core files off and keeps other processes of the same user from reading this one's memory.
///
/// Called once, before any secret is read. Best effort: a system that refuses is no reason not to start.
pub fn protect_process() {
    // Both fail only where a sandbox forbids them; there is nothing better to do then.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_protected_process_leaves_no_core() {
        protect_process();
        assert_eq!(rustix::process::getrlimit(Resource::Core).current, Some(0));
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
