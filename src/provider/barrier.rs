//! What stood in the way of a connection, in words that a person can act on. Pure.
//!
//! **Invariant:** whatever it is called here, the connection was never made: nothing was sent.

use std::error::Error;
use std::io;

/// What stood in the way of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// The server's certificate is not trusted: to try again does not help.
    Certificate,
    /// What listens there speaks no TLS.
    Plain,
    /// There is no host of that name.
    Name,
    /// Nobody listens there.
    Refused,
    /// Nobody answered in time.
    Late,
    /// Something else.
    Other,
}

/// What the library below begins with where it does not trust a certificate.
const UNTRUSTED: &str = "invalid peer certificate: ";

/// Tells what kept a connection to `host` from being made, and says it in words.
///
/// The layers of an error each wrap the next: the outer ones say what was being done, the innermost why it failed.
pub(super) fn barrier(error: &(dyn Error + 'static), host: &str) -> (Barrier, String) {
    let (mut layers, mut inner) = (vec![error], error.source());
    while let Some(layer) = inner {
        layers.push(layer);
        inner = layer.source();
    }
    let cause = layers.last().map(ToString::to_string).unwrap_or_default();
    let says = |words: &str| layers.iter().any(|layer| layer.to_string().contains(words));
    let is = |kind: io::ErrorKind| {
        layers
            .iter()
            .filter_map(|layer| layer.downcast_ref::<io::Error>())
            .any(|io| io.kind() == kind)
    };
    if says(UNTRUSTED) {
        let reason = cause.strip_prefix(UNTRUSTED).unwrap_or(&cause);
        (Barrier::Certificate, format!("the server's certificate is not trusted: {reason}"))
    } else if says("dns error") {
        (Barrier::Name, format!("no such host as {host}: {cause}"))
    } else if is(io::ErrorKind::ConnectionRefused) {
        (Barrier::Refused, format!("nobody listens at {host}: connection refused"))
    } else if is(io::ErrorKind::TimedOut) || says("timed out") || says("deadline has elapsed") {
        (Barrier::Late, format!("no connection to {host} was made in time"))
    } else if says("corrupt message") || says("received fatal alert") {
        (Barrier::Plain, format!("no TLS is spoken there: {cause}"))
    } else {
        (Barrier::Other, format!("no connection to {host}: {cause}"))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// A layer that says something, and what lies below it.
    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<dyn Error>>);

    impl fmt::Display for Layer {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    fn layers(all: &[&'static str], cause: Box<dyn Error>) -> Layer {
        let wrap = |below: Box<dyn Error>, words: &&'static str| -> Box<dyn Error> {
            Box::new(Layer(words, Some(below)))
        };
        Layer("error sending request", Some(all.iter().rev().fold(cause, wrap)))
    }

    #[test]
    fn each_barrier_is_told_by_its_layers() {
        // Goal: a certificate, a name and a port are three things to mend. Method: the layers as they were seen.
        let below = |words| -> Box<dyn Error> { Box::new(Layer(words, None)) };
        let refused = Box::new(io::Error::from(io::ErrorKind::ConnectionRefused));
        let late = Box::new(io::Error::from(io::ErrorKind::TimedOut));
        let client = "client error (Connect)";
        for (error, expected, words) in [
            (
                layers(&[client], below("invalid peer certificate: UnknownIssuer")),
                Barrier::Certificate,
                "the server's certificate is not trusted: UnknownIssuer",
            ),
            (
                layers(&[client, "invalid peer certificate: Other"], below("no roots")),
                Barrier::Certificate,
                "the server's certificate is not trusted: no roots",
            ),
            (
                layers(&[client, "dns error"], below("failed to lookup address information")),
                Barrier::Name,
                "no such host as wallet.example: failed to lookup address information",
            ),
            (
                layers(&[client, "tcp connect error"], refused),
                Barrier::Refused,
                "nobody listens at wallet.example: connection refused",
            ),
            (
                layers(&[client, "tcp connect error"], late),
                Barrier::Late,
                "no connection to wallet.example was made in time",
            ),
            (
                layers(&[client], below("operation timed out")),
                Barrier::Late,
                "no connection to wallet.example was made in time",
            ),
            (
                layers(&[client], below("received corrupt message of type InvalidContentType")),
                Barrier::Plain,
                "no TLS is spoken there: received corrupt message of type InvalidContentType",
            ),
            (
                layers(
                    &[client, "tcp connect error"],
                    below("Network is unreachable (os error 101)"),
                ),
                Barrier::Other,
                "no connection to wallet.example: Network is unreachable (os error 101)",
            ),
        ] {
            assert_eq!(barrier(&error, "wallet.example"), (expected, words.to_owned()));
        }
    }
}
