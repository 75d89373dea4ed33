//! What a PEM block of a private key holds: PKCS#8 in Notary's forms, SEC1, PKCS#1, legacy DEK-Info encryption.
