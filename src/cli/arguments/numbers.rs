//! Numbers of the command line: what is none is refused with what it stands for.

pub(super) fn descriptor(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "the number of an open file descriptor, such as 4 with 4< FILE in a shell".to_owned())
}

pub(super) fn bytes(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a length in bytes, as docker push prints it".to_owned())
}

pub(super) fn staged(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a number of a staged change, as trustdeck status shows it".to_owned())
}
