//! What the user wants, by where it is wanted.

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repositories {
    Open,
    /// Mends its worst role.
    Renew,
    SignAgain,
    /// Sends this machine's copy, or signs the last good file of the worst role.
    Restore,
    Add,
    AddSigner,
    Remove,
    Delete,
    Answer,
    Foreign,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    Open,
    AddSigner,
    AddDelegation,
    Edit,
    Remove,
    Witness,
    /// Signs the last good file.
    Restore,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    Add,
    Sign,
    Revoke,
    Compare,
    Verify,
    Show,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Show,
    Make,
    Load,
    Export,
    BackUp,
    Restore,
    OntoToken,
    ChangePassphrase,
    Label,
    LockAll,
    Remove,
    Delete,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    Drop,
    DropAll,
    MoveHere,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    Toggle,
    Fix,
    Commands,
    DropAll,
    Publish,
    Leave,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publish {
    CopyReport,
    /// Logs in, or allows where logins go.
    Answer,
    Retry,
    Leave,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wizard {
    /// Opens the list of wizards.
    Menu,
    Do,
    Toggle,
    All,
    Back,
    Forward,
    Skip,
    Why,
    Commands,
    AskServer,
    GiveUp,
    Leave,
}
