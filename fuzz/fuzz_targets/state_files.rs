//! Files that this program wrote once, or says it did: the journal of staged changes, hand-over files, backups.
//!
//! Nothing in a file may panic, hang or use memory without bound; what is read of a hand-over is written the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trustdeck::engine::custody::backup;
use trustdeck::engine::stage::is_journal;
use trustdeck::engine::wizard::HandOver;

fuzz_target!(|file: &[u8]| {
    let Some((kind, file)) = file.split_first() else { return };
    match kind % 3 {
        0 => {
            let _ = is_journal(file);
        }
        1 => {
            if let Ok(read) = HandOver::parse(file) {
                let again = serde_json::to_vec(&read).expect("it was JSON");
                assert!(HandOver::parse(&again).is_ok_and(|again| again == read));
            }
        }
        _ => {
            if let Ok(set) = backup::parse(file, None) {
                assert!(set.refused.len() <= 101 && set.beside.len() <= 100);
            }
        }
    }
});
