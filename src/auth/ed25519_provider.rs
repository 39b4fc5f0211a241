//! The cryptography of the `jsonwebtoken` crate, for tokens: Ed25519 by `ed25519-dalek`, which also
//! signs checkpoints. No other algorithm exists, so no token can name one.
//!
//! The crate's own providers bring all algorithms of the standard and, in the case of `aws-lc-rs`,
//! a library in C.

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: ed25519_signer,
    verifier_factory: ed25519_verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this the provider of the process, unless it has one.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

fn must_be_ed25519(algorithm: Algorithm, family: AlgorithmFamily) -> Result<(), Error> {
    if algorithm == Algorithm::EdDSA && family == AlgorithmFamily::Ed {
        Ok(())
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's type")]
fn ed25519_signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    must_be_ed25519(*algorithm, key.family())?;
    let key = SigningKey::from_pkcs8_der(key.as_bytes()).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Ed25519Signer(key)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's type")]
fn ed25519_verifier(
    algorithm: &Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    must_be_ed25519(*algorithm, key.family())?;
    let bytes = key.try_get_as_bytes()?.try_into();
    let bytes: &[u8; 32] = bytes.map_err(|_| ErrorKind::InvalidEddsaKey)?;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(Ed25519Verifier(key)))
}

struct Ed25519Signer(SigningKey);

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.try_sign(message)?.to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(VerifyingKey);

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0
            .verify_strict(message, &Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;

    use super::*;

    fn keys() -> (EncodingKey, DecodingKey) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let der = key.to_pkcs8_der().expect("a key in DER");
        (
            EncodingKey::from_ed_der(der.as_bytes()),
            DecodingKey::from_ed_der(&key.verifying_key().to_bytes()),
        )
    }

    #[test]
    fn only_the_signature_of_the_message_is_valid() {
        let (signing, verifying) = keys();

        let signer = ed25519_signer(&Algorithm::EdDSA, &signing).expect("a signer");
        let signature = signer.sign(b"a message");

        let verifier = ed25519_verifier(&Algorithm::EdDSA, &verifying).expect("a verifier");
        assert!(verifier.verify(b"a message", &signature).is_ok());
        assert!(verifier.verify(b"a massage", &signature).is_err());
        assert!(
            verifier
                .verify(b"a message", &signature[..63].to_vec())
                .is_err()
        );
        let mut other = signature;
        other[0] ^= 1;
        assert!(verifier.verify(b"a message", &other).is_err());
    }

    #[test]
    fn no_other_algorithm_is_taken() {
        let (signing, verifying) = keys();
        let secret = (
            EncodingKey::from_secret(b"secret"),
            DecodingKey::from_secret(b"secret"),
        );
        for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256] {
            assert!(ed25519_signer(&algorithm, &signing).is_err());
            assert!(ed25519_verifier(&algorithm, &verifying).is_err());
            assert!(ed25519_signer(&algorithm, &secret.0).is_err());
            assert!(ed25519_verifier(&algorithm, &secret.1).is_err());
        }
        assert!(ed25519_signer(&Algorithm::EdDSA, &secret.0).is_err());
        assert!(ed25519_verifier(&Algorithm::EdDSA, &secret.1).is_err());
    }
}
