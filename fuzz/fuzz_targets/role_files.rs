//! Role files of every kind, signed by nobody.
//!
//! Nothing in a file may panic, hang or use memory without bound; what is read must be written and read again the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trustdeck::tuf::{Envelope, Metadata, Role, Root, Snapshot, Targets, Timestamp};

fn read<T: Metadata + PartialEq>(role: &Role, file: &[u8]) {
    let (envelope, content) = match T::open(role, file.into()) {
        Ok(read) => read,
        Err(error) => {
            assert!(error.to_string().len() < 1000);
            return;
        }
    };
    assert!(T::unknown_members(&envelope).len() <= 65);
    let canonical = content.canonical();
    // Control characters stand raw in canonical texts, which is no JSON any more.
    if canonical.iter().all(|byte| *byte >= 0x20) {
        let again = Envelope::file(&canonical, envelope.signatures());
        let (again, reread) = T::open(role, again.into()).expect("what was written is read");
        assert!(reread == content);
        assert!(again.canonical() == canonical);
    }
}

fuzz_target!(|file: &[u8]| {
    read::<Root>(&Role::Root, file);
    read::<Targets>(&Role::Targets, file);
    read::<Targets>(&Role::releases(), file);
    read::<Snapshot>(&Role::Snapshot, file);
    read::<Timestamp>(&Role::Timestamp, file);
});
