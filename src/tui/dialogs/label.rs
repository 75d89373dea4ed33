//! The fields of forms, by what they ask for.

/// What a field asks for, and how it is called beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    AddPaths,
    Again,
    AnotherFile,
    Digest,
    DropPaths,
    File,
    Form,
    Kept,
    KeyFile,
    Keys,
    KeysOwn,
    Kind,
    Label,
    Management,
    Name,
    New,
    Old,
    Passphrase,
    Password,
    Paths,
    Pin,
    PublicTo,
    Repository,
    Role,
    Roles,
    SecondKeys,
    Server,
    Signer,
    Size,
    Tag,
    ThirdKeys,
    Token,
    User,
    /// Something to switch that says itself what it is.
    Unnamed,
}

impl Label {
    /// The word beside the field.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::AddPaths => "add paths",
            Self::Again => "again",
            Self::AnotherFile => "another",
            Self::Digest => "digest",
            Self::DropPaths => "drop paths",
            Self::File => "file",
            Self::Form => "form",
            Self::Kept => "kept",
            Self::KeyFile => "key file",
            Self::Keys => "keys",
            Self::KeysOwn => "to open it",
            Self::Kind => "kind",
            Self::Label => "label",
            Self::Management => "management",
            Self::Name => "name",
            Self::New => "new",
            Self::Old => "old",
            Self::Passphrase => "passphrase",
            Self::Password => "password",
            Self::Paths => "paths",
            Self::Pin => "PIN",
            Self::PublicTo => "public to",
            Self::Repository => "repository",
            Self::Role => "role",
            Self::Roles => "roles",
            Self::SecondKeys => "2nd key's",
            Self::Server => "server",
            Self::Signer => "signer",
            Self::Size => "size",
            Self::Tag => "tag",
            Self::ThirdKeys => "3rd key's",
            Self::Token => "token",
            Self::Unnamed => "",
            Self::User => "user",
        }
    }
}
