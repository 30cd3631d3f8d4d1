//! What `--dry-run` prints: the requests of a run, in the order in which it would send them.

use std::io::{self, Write};

use serde_json::json;

use super::commands::RunLimits;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::domain::{Money, number_of};
use crate::ledger::{Glance, Sender};
use crate::provider::{Preview, WalletClient};
use crate::report::money;

/// Gifts that are read at once.
const PAGE: u64 = 500;

/// What would be sent, and of whom.
pub(super) struct Plan<'p> {
    pub(super) context: &'p Context,
    pub(super) limits: &'p RunLimits,
    pub(super) sender: Sender<'p>,
    /// In doubt or in flight: looked up before anything is sent.
    pub(super) unclear: u64,
    /// The document up to its requests.
    pub(super) document: String,
}

impl Plan<'_> {
    /// Prints each request as it is read.
    pub(super) async fn print(
        &self,
        client: &WalletClient,
        glance: &mut Glance<'_>,
    ) -> Result<Exit, Failure> {
        let mut out = Printer::of(self.context, io::BufWriter::new(io::stdout()));
        match self.write(client, glance, &mut out).await? {
            // A reader that went away (a closed pipe) has read all that it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
            written => written?,
        }
        let Printer { requests, amount, .. } = out;
        let note = |text: &str| self.context.out.note(text);
        let requests = number_of(requests, "request");
        note(&format!("{requests}, {} in all; nothing was sent", money(amount)));
        if self.unclear > 0 {
            note(&format!(
                "a run would first look up {} whose fate is not known, and send again what \
                 was not given",
                number_of(self.unclear, "gift")
            ));
        }
        Ok(Exit::Done)
    }

    /// The outer error is the ledger's, the inner one the printer's.
    async fn write<W: Write>(
        &self,
        client: &WalletClient,
        glance: &mut Glance<'_>,
        out: &mut Printer<W>,
    ) -> Result<io::Result<()>, Failure> {
        let mut left = self.limits.levers.limit.unwrap_or(u64::MAX);
        let tag = self.limits.tag || self.context.settings.tag;
        if let Err(error) = out.begin(&self.document) {
            return Ok(Err(error));
        }
        for campaign in self.sender.campaigns {
            let reopened = self.sender.reopened;
            let mut walk = glance.walk(*campaign, reopened, tag, self.context.now()).await?;
            while left > 0 {
                let gifts = glance.next_to_send(&mut walk, left.min(PAGE)).await?;
                if gifts.is_empty() {
                    break;
                }
                left -= gifts.len() as u64;
                for gift in &gifts {
                    out.amount += gift.content.amount;
                    if let Err(error) = out.add(&client.preview_gift(gift)) {
                        return Ok(Err(error));
                    }
                }
            }
        }
        Ok(out.end())
    }
}

/// Writes requests as text, or as the last field of the document.
struct Printer<W> {
    is_json: bool,
    requests: u64,
    amount: Money,
    out: W,
}

impl<W: Write> Printer<W> {
    fn of(context: &Context, out: W) -> Printer<W> {
        Printer { is_json: context.out.args.json, requests: 0, amount: Money::ZERO, out }
    }

    fn begin(&mut self, document: &str) -> io::Result<()> {
        if !self.is_json {
            return Ok(());
        }
        let open = document.strip_suffix('}').unwrap_or(document);
        write!(self.out, "{open},\"dry_run\":true,\"requests\":[")
    }

    fn add(&mut self, request: &Preview) -> io::Result<()> {
        let is_first = self.requests == 0;
        self.requests += 1;
        if self.is_json {
            let comma = if is_first { "" } else { "," };
            return write!(self.out, "{comma}\n{}", json!(request));
        }
        writeln!(self.out, "{} {}", request.method, request.url)?;
        for (name, value) in &request.headers {
            writeln!(self.out, "{name}: {value}")?;
        }
        writeln!(self.out, "\n{}\n", request.body)
    }

    fn end(&mut self) -> io::Result<()> {
        if self.is_json {
            self.out.write_all(b"\n]}\n")?;
        }
        self.out.flush()
    }
}
