//! The command line of `key`, as values.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `key`
#[derive(Debug, Subcommand)]
#[command(after_help = "A KEYID is a key's ID or the beginning of one, its four words, or its label.")]
pub enum Key {
    /// List keys: in the key store, behind servers, and other people's
    List,
    /// Make a key, and write its public half to NAME.pub
    Generate(Generate),
    /// Take private keys from a PEM file into the key store
    Load(Load),
    /// Write stored keys as a PEM set that notary and docker read
    Export(Export),
    /// Change the passphrase of a key
    Passwd(Passwd),
    /// Delete a private key from the key store
    Remove(Remove),
    /// Give a key a name, known to this machine only
    Label(Label),
    /// Write keys to a backup, and unlock them from it to prove it
    Backup(Backup),
    /// Bring keys of a backup back; nothing is overwritten
    Restore(KeyRestore),
    /// Keys on hardware tokens (PKCS#11)
    #[command(subcommand)]
    Token(Token),
}

/// `key token`
#[derive(Debug, Subcommand)]
#[command(after_help = "A PIN is asked for, or taken from a line token-pin=PIN of --passphrase-fd or from \
    TRUSTDECK_TOKEN_PIN, and tried once: tokens lock themselves after few wrong ones. What a YubiKey calls its \
    management key comes from a line management-key=KEY or TRUSTDECK_TOKEN_MANAGEMENT_KEY; the factory's is tried else.\n\
    The module is the one of --pkcs11-module, TRUSTDECK_PKCS11_MODULE or pkcs11_module in config.toml; else a \
    YubiKey's, where notary looks for it.")]
pub enum Token {
    /// List tokens that are plugged in, and the keys on them
    List,
    /// Copy a key of the key store onto a token; its file stays until you remove it
    Import(TokenImport),
}

/// `key token import`
#[derive(Debug, Args)]
pub struct TokenImport {
    /// Key
    #[arg(value_name = "KEYID")]
    pub key: String,
    /// Token, by label or serial number, if there are several
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Import it without a tested backup
    #[arg(long)]
    pub force: bool,
}

/// `key generate`
#[derive(Debug, Args)]
pub struct Generate {
    /// Name of the signer; or root, targets or snapshot
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What kind of key; docker makes ecdsa
    #[arg(long, value_enum, default_value_t = KeyKind::Ecdsa)]
    pub algorithm: KeyKind,
    /// Where NAME.pub is written
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Repository of a targets or snapshot key
    #[arg(long, value_name = "REPO")]
    pub repository: Option<String>,
    /// Make it on a hardware token, which it never leaves; TOKEN is a label or serial number, if there are several
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, require_equals = true)]
    pub token: Option<Option<String>>,
}

/// What kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// ECDSA on P-256.
    Ecdsa,
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
    /// Ed25519, for targets and snapshot.
    Ed25519,
}

/// `key load`
#[derive(Debug, Args)]
pub struct Load {
    /// PEM file, or - for standard input; several keys may be in it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Name of the key, also of one that is in the store already; of several keys, of those whose file does not say one
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Repository for targets and snapshot keys whose file does not say one
    #[arg(long, value_name = "REPO")]
    pub repository: Option<String>,
}

/// `key export`
#[derive(Debug, Args)]
pub struct Export {
    /// Keys
    #[arg(value_name = "KEYID", required_unless_present_any = ["repository", "root"])]
    pub keys: Vec<String>,
    /// Write the public halves only
    #[arg(long)]
    pub public: bool,
    /// Write public key and certificate of this repository's root, for those who pin it
    #[arg(long, value_name = "REPO", conflicts_with_all = ["keys", "repository", "public"])]
    pub root: Option<String>,
    /// All keys of this repository that are in the store
    #[arg(long, value_name = "REPO", conflicts_with = "keys")]
    pub repository: Option<String>,
    /// File to write, instead of standard output; must not exist
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `key passwd`
#[derive(Debug, Args)]
pub struct Passwd {
    /// Key
    #[arg(value_name = "KEYID")]
    pub key: String,
    /// Read the new passphrase from this file descriptor
    #[arg(long, value_name = "FD", value_parser = super::numbers::descriptor)]
    pub new_passphrase_fd: Option<u32>,
}

/// `key remove`
#[derive(Debug, Args)]
pub struct Remove {
    /// Key
    #[arg(value_name = "KEYID")]
    pub key: String,
    /// Remove it without a tested backup, and without a question
    #[arg(long)]
    pub force: bool,
    /// Remove it from its token, although there is a file too; TOKEN is a label or serial number, if several hold it
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, require_equals = true)]
    pub token: Option<Option<String>>,
}

/// `key label`
#[derive(Debug, Args)]
pub struct Label {
    /// Key
    #[arg(value_name = "KEYID")]
    pub key: String,
    /// Name; "" takes it away
    #[arg(value_name = "TEXT")]
    pub text: String,
}

/// `key backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// Keys, instead of all without a tested backup
    #[arg(value_name = "KEYID")]
    pub keys: Vec<String>,
    /// File to write; must not exist
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// A PEM set that notary and docker read, each key under its own passphrase, instead of an encrypted age file
    #[arg(long)]
    pub plain: bool,
    /// Read the passphrase of the backup from this file descriptor
    #[arg(long, value_name = "FD", value_parser = super::numbers::descriptor, conflicts_with = "plain")]
    pub backup_passphrase_fd: Option<u32>,
}

/// `key restore`
#[derive(Debug, Args)]
pub struct KeyRestore {
    /// Backup: an age file, a PEM set, or an archive (tar, tar.gz) of the directory trust/private; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Show what is in it, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Restore keys whose passphrase nobody gives, untested
    #[arg(long)]
    pub untested: bool,
    /// Read the passphrase of the backup from this file descriptor
    #[arg(long, value_name = "FD", value_parser = super::numbers::descriptor)]
    pub backup_passphrase_fd: Option<u32>,
}
