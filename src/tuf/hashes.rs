//! Digests beside the names of their algorithms.

const SHA256: &str = "sha256";

/// Writes bytes as lower-case hexadecimal digits. Lists of tags need tens of thousands of these.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// An algorithm and its digest.
type Other = (Box<str>, Box<[u8]>);

/// Raw digests by algorithm, in the order of the names.
///
/// A file has one of these for each of its many targets, nearly always a SHA-256 alone: that one is kept in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    sha256: Option<[u8; 32]>,
    /// The rest in order, a `sha256` of another length included. Few, and packed: a file can hold very many.
    others: Box<[Other]>,
}

impl Hashes {
    /// The digest of an algorithm.
    #[must_use]
    pub fn get(&self, algorithm: &str) -> Option<&[u8]> {
        let others = || self.others.iter().find(|(name, _)| **name == *algorithm).map(|(_, digest)| &**digest);
        self.sha256.as_ref().filter(|_| algorithm == SHA256).map(<[u8; 32]>::as_slice).or_else(others)
    }

    /// Sets the digest of an algorithm.
    pub fn insert(&mut self, algorithm: &str, digest: &[u8]) {
        let Self { sha256, others } = std::mem::take(self);
        let mut gathered = Gathered { sha256, others: others.into_vec() };
        gathered.set(algorithm, digest);
        *self = gathered.packed();
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.others.len() + usize::from(self.sha256.is_some())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Algorithms with their digests.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let others = self.others.iter().map(|(name, digest)| (&**name, &**digest));
        let sha256 = self.sha256.iter().map(|digest| (SHA256, digest.as_slice()));
        let (before, after) = (others.clone(), others);
        before.filter(|(name, _)| *name < SHA256).chain(sha256).chain(after.filter(|(name, _)| *name >= SHA256))
    }
}

/// Digests as they are read: packed when all are there, since memory that grows for each of very many is torn to pieces.
#[derive(Default)]
pub(super) struct Gathered {
    sha256: Option<[u8; 32]>,
    others: Vec<Other>,
}

impl Gathered {
    /// Sets the digest of an algorithm.
    pub(super) fn set(&mut self, algorithm: &str, digest: &[u8]) {
        self.others.retain(|(name, _)| **name != *algorithm);
        if algorithm == SHA256 {
            self.sha256 = digest.try_into().ok();
        }
        if algorithm != SHA256 || self.sha256.is_none() {
            let at = self.others.partition_point(|(name, _)| **name < *algorithm);
            self.others.insert(at, (algorithm.into(), digest.into()));
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.others.len() + usize::from(self.sha256.is_some())
    }

    /// All of them.
    pub(super) fn packed(self) -> Hashes {
        Hashes { sha256: self.sha256, others: self.others.into_boxed_slice() }
    }
}

impl<N: AsRef<str>, D: AsRef<[u8]>> FromIterator<(N, D)> for Hashes {
    fn from_iter<I: IntoIterator<Item = (N, D)>>(digests: I) -> Self {
        let mut gathered = Gathered::default();
        digests.into_iter().for_each(|(algorithm, digest)| gathered.set(algorithm.as_ref(), digest.as_ref()));
        gathered.packed()
    }
}

#[cfg(test)]
mod tests {
    use super::{Hashes, digits};

    #[test]
    fn algorithms_come_in_the_order_of_their_names() {
        let hashes: Hashes =
            [("sha512", [5_u8; 64].as_slice()), ("sha256", &[2; 32]), ("md5", &[1; 16])].into_iter().collect();
        assert_eq!(hashes.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["md5", "sha256", "sha512"]);
        assert_eq!(hashes.get("sha256"), Some([2; 32].as_slice()));
        assert_eq!(hashes.get("sha1"), None);
    }

    #[test]
    fn digits_are_hexadecimal() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(digits(&all), hex::encode(&all));
    }

    #[test]
    fn a_digest_of_another_length_is_kept_as_it_is() {
        let mut hashes: Hashes = [("sha256", [2_u8; 20])].into_iter().collect();
        assert_eq!(hashes.get("sha256"), Some([2; 20].as_slice()));
        hashes.insert("sha256", &[3; 32]);
        assert_eq!(hashes, [("sha256", [3_u8; 32])].into_iter().collect());
    }
}
