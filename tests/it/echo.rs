//! A provider that refuses everything and repeats the keys that it was sent: what no log may keep.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A provider that answers each request with one status until the test's process ends.
pub(crate) struct Echo {
    pub(crate) url: String,
    /// Requests that carried both keys.
    heard: Arc<AtomicU64>,
}

impl Echo {
    /// Refuses with `status`; `keys` are those that it listens for.
    pub(crate) fn start(status: u16, keys: [&'static str; 2]) -> Echo {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let heard = Arc::new(AtomicU64::new(0));
        let count = heard.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is no matter here.
                let _ = answer(stream, status, keys, &count);
            }
        });
        Echo { url, heard }
    }

    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::SeqCst)
    }
}

fn answer(
    mut stream: TcpStream,
    status: u16,
    keys: [&str; 2],
    heard: &AtomicU64,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (String::new(), 0_usize);
    loop {
        let start = head.len();
        if reader.read_line(&mut head)? <= 2 {
            break;
        }
        let line = head[start..].to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if keys.iter().all(|key| head.contains(key)) {
        heard.fetch_add(1, Ordering::SeqCst);
    }
    // As it is, and as servers escape it.
    let [key, client] = keys;
    let escaped = key.replace('+', "\\u002B").replace('/', "\\/");
    let body = format!(
        r#"{{"Value":null,"Errors":["key {key} ({escaped}) of {client}",{{"Code":"{client}","Message":"{key}"}}],"IsSuccess":false,"IsFailure":true}}"#
    );
    write!(
        stream,
        "HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}
