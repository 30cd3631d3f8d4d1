//! The sandbox over real connections: what a client sees, held against what the book says.

mod endpoints;
mod faults;
mod levers;
mod minted;

use std::io::ErrorKind;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::*;

pub(super) const WALLET: Uuid = Uuid::from_u128(0x30ba_c1c0_ad6b_4c50_a52e_1b34_f9b4_87a7);

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Fin,
    Reset,
}

/// All that came over a connection, and how it ended.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) end: End,
}

impl Heard {
    /// The three digits of the status line, or 0.
    pub(super) fn status(&self) -> u16 {
        self.text.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    pub(super) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split_once("\r\n\r\n").map_or(self.text.as_str(), |(head, _)| head);
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The `Value` of the envelope.
    pub(super) fn value(&self) -> serde_json::Value {
        let mut envelope: serde_json::Value = serde_json::from_str(self.body()).unwrap();
        envelope["Value"].take()
    }
}

/// Starts a sandbox with a configuration.
pub(super) fn start(config: SandboxConfig) -> Sandbox {
    Sandbox::start(config).unwrap()
}

/// Starts a sandbox in which one kind of fault always happens.
pub(super) fn start_with(faults: FaultProfile) -> Sandbox {
    start(SandboxConfig { faults, ..SandboxConfig::default() })
}

/// Sends a request on a connection of its own, and leaves it open.
pub(super) async fn send(sandbox: &Sandbox, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Sends a request, and listens until the connection ends.
pub(super) async fn ask(sandbox: &Sandbox, request: &str) -> Heard {
    let mut stream = send(sandbox, request).await;
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let end = match read.expect("the connection ends") {
        Ok(_) => End::Fin,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
        Err(error) => panic!("{error}"),
    };
    Heard { text: String::from_utf8(bytes).unwrap(), end }
}

/// The text of a request with good keys.
pub(super) fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: sandbox\r\napikeypublic: a\r\napiclientpublic: b\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// The text of a create of one gift of 10.00 for [`WALLET`]; `more` are further fields.
pub(super) fn create(more: &str) -> String {
    create_for(WALLET, more)
}

pub(super) fn create_for(wallet: Uuid, more: &str) -> String {
    let body = format!(
        r#"{{"WalletId":"{wallet}","Amount":10,"ExpirationDate":null,"Description":"KUPON"{more}}}"#
    );
    request("POST", "/api/v1/balance/gift", &body)
}

pub(super) fn list_of(wallet: Uuid) -> String {
    request("GET", &format!("/api/v1/balance/gift/by/wallet/{wallet}"), "")
}

pub(super) fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// A foreign gift of 25.00 in [`WALLET`].
pub(super) fn foreign() -> SeedGift {
    SeedGift {
        wallet: WALLET,
        amount_minor: 2_500,
        expires_at: None,
        description: "FOREIGN".to_owned(),
        reference: None,
        created_at: instant("2026-01-02T03:04:05Z"),
    }
}
