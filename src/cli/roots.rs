//! Whom we trust: the certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR` name in place of the system's.
//!
//! It stands apart since nobody else names them: with a file that is missing or empty nobody at all is trusted, and
//! what is told of that is an unknown issuer.

use std::path::Path;

use super::failure::Failure;

/// How a certificate begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// Passes where certificates for such a URL can be found.
pub(super) fn check_roots(url: &str) -> Result<(), Failure> {
    if !url.starts_with("https:") {
        return Ok(());
    }
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else {
            continue;
        };
        if let Some(why) = trouble(Path::new(&path)) {
            let place = Path::new(&path).display();
            return Err(Failure::usage(format!("{variable} names {place}, which {why}")).hint(format!(
                "unset {variable} to trust whom the system trusts, or name a file of certificates (PEM)"
            )));
        }
    }
    Ok(())
}

/// Why nothing comes of a place of certificates.
fn trouble(path: &Path) -> Option<&'static str> {
    let Ok(about) = std::fs::metadata(path) else {
        return Some("is not there");
    };
    if about.is_dir() {
        let is_empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        return is_empty.then_some("is an empty folder");
    }
    match std::fs::read(path) {
        Err(_) => Some("cannot be read"),
        Ok(bytes) if bytes.is_empty() => Some("is empty"),
        Ok(bytes) if !bytes.windows(BEGIN.len()).any(|part| part == BEGIN) => {
            Some("holds no certificate")
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_certificates_is_named() {
        // Goal: nobody hunts for an unknown issuer. Method: a file that is missing, empty or of something
        // else, an empty folder, and a good file.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert_eq!(trouble(folder.path()), Some("is an empty folder"));
        assert_eq!(trouble(&file), Some("is not there"));
        for (text, found) in [
            ("", Some("is empty")),
            ("key", Some("holds no certificate")),
            ("# our own\n-----BEGIN CERTIFICATE-----\n", None),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(trouble(&file), found);
        }
        assert!(check_roots("http://127.0.0.1:1").is_ok());
    }
}
