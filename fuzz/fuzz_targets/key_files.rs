//! Key files from anywhere: PEM, every container and its decryption, and public keys.
//!
//! Nothing in a file may panic, hang or use memory without bound; what opens must survive being written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trustdeck::keys::pem::{Block, Head};
use trustdeck::keys::{Passphrase, PrivateKey};
use trustdeck::tuf::PublicKey;

fuzz_target!(|file: &[u8]| {
    let _ = Head::read(file);
    let now = jiff::Timestamp::UNIX_EPOCH;
    let _ = PublicKey::from_file(file, now);
    let passphrase = Passphrase::from_text("repopass1");
    for block in Block::read_each(file).take(4).flatten() {
        let written = block.write();
        let again = Block::read(written.as_bytes());
        assert!(again.is_ok_and(|again| *again.der == *block.der && again.label == block.label));
        let _ = block.is_readable_by_notary();
        // Many rounds are slow and nothing else.
        if !block.is_quick() {
            continue;
        }
        for passphrase in [None, Some(&passphrase)] {
            let Ok(key) = PrivateKey::from_block(&block, passphrase) else { continue };
            let sealed = key.to_block(Vec::new(), &Passphrase::from_text("other")).expect("random numbers");
            let reread = PrivateKey::from_block(&sealed, Some(&Passphrase::from_text("other")));
            assert!(reread.is_ok_and(|reread| reread.id() == key.id()));
        }
    }
});
