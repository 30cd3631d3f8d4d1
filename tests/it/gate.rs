//! Something that stands between the program and its provider, as proxies and portals do: it lets everything through, or
//! answers by itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What it does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The provider answers.
    Open,
    /// It answers each request with this status line, header lines and page.
    Answers(&'static str, &'static str, &'static str),
}

/// A gate before a provider.
pub(crate) struct Gated {
    pub(crate) url: String,
    gate: Arc<Mutex<Gate>>,
    /// Requests that it answered by itself.
    heard: Arc<AtomicU64>,
    is_gone: Arc<AtomicBool>,
}

impl Gated {
    /// An open gate before the provider at that URL.
    pub(crate) fn before(provider: &str) -> Gated {
        let provider = provider.strip_prefix("http://").expect("a plain URL").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let gate = Arc::new(Mutex::new(Gate::Open));
        let (heard, is_gone) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (of, count, gone) = (Arc::clone(&gate), Arc::clone(&heard), Arc::clone(&is_gone));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if gone.load(Ordering::SeqCst) {
                    return;
                }
                let (provider, of, count) = (provider.clone(), Arc::clone(&of), Arc::clone(&count));
                thread::spawn(move || {
                    let gate = *of.lock().expect("nobody panics with it");
                    // A client that goes away is no matter here.
                    let _ = match gate {
                        Gate::Open => pass(stream, &provider),
                        Gate::Answers(..) => answer(stream, &of, &count),
                    };
                });
            }
        });
        Gated { url, gate, heard, is_gone }
    }

    /// From the next connection on.
    pub(crate) fn set(&self, gate: Gate) {
        *self.gate.lock().expect("nobody panics with it") = gate;
        self.heard.store(0, Ordering::SeqCst);
    }

    /// Requests that it answered by itself since it was set.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::SeqCst)
    }

    /// From now on nobody listens there.
    pub(crate) fn leave(&self) {
        self.is_gone.store(true, Ordering::SeqCst);
        // Whoever waits for the next connection gets it, and goes.
        let address = self.url.strip_prefix("http://").expect("a plain URL");
        while TcpStream::connect(address).is_ok() {
            thread::yield_now();
        }
    }
}

/// Carries bytes both ways until one of both has no more.
fn pass(client: TcpStream, provider: &str) -> std::io::Result<()> {
    let server = TcpStream::connect(provider)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Write)
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = std::io::copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = up.join();
    Ok(())
}

fn answer(stream: TcpStream, gate: &Mutex<Gate>, heard: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let (mut line, mut length) = (String::new(), 0_usize);
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        reader.read_exact(&mut vec![0; length])?;
        let Gate::Answers(status, headers, page) = *gate.lock().expect("nobody panics with it")
        else {
            return Ok(());
        };
        heard.fetch_add(1, Ordering::SeqCst);
        let length = page.len();
        write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{page}")?;
        stream.flush()?;
    }
}
