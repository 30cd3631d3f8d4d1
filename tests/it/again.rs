//! Stories of a file that comes again, changed in something that nobody sees or around it: each row is given
//! once.

use crate::world::{World, wallet};

/// A file of two wallets, with these descriptions.
fn texts(first: &str, second: &str) -> String {
    let (one, two) = (wallet(1), wallet(2));
    format!(
        "wallet_id,amount,expires_at,description\n{one},10.00,2036-05-31,{first}\n{two},20.00,2036-05-31,{second}\n"
    )
}

/// A file of two wallets, with these references.
fn references(first: &str, second: &str) -> String {
    let (one, two) = (wallet(1), wallet(2));
    format!(
        "wallet_id,amount,expires_at,description,reference\n{one},18.40,2036-07-05,Hediye,{first}\n\
         {two},432.01,2036-04-08,Hediye,{second}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_export_that_looks_the_same_gives_nothing() {
    // Goal: what nobody sees of a file gives nobody a second gift, and reaches customers as it was written.
    // Method: files under one campaign, each given as a scheduler gives it: texts with marks of no width, a
    // byte order mark, soft hyphens and other spaces; references that a spreadsheet made floats of.
    let world = World::new();
    let plain = ("Hediye çeki \u{1f468}\u{200d}\u{1f469}", "İyi bayramlar");
    let texts = [
        texts(plain.0, plain.1),
        texts("Hediye çeki \u{1f468}\u{1f469}\u{200b}", "I\u{307}yi bayramlar"),
        texts("\u{feff}Hediye c\u{327}eki \u{1f468}\u{200d}\u{1f469}", "İyi\u{a0}bayramlar"),
        texts("Hedi\u{ad}ye  çeki \u{1f468}\u{200d}\u{1f469}\u{fe0f}", "İyi \u{2009}bayramlar"),
    ];
    for text in texts {
        let file = world.file("texts.csv", text);
        assert_eq!(world.issue_file(&file, "texts", &[]).expect(0).gifts("total"), 2);
    }
    for text in [references("2409", "1881"), references("2409.0", "1881.00")] {
        let file = world.file("references.csv", text);
        assert_eq!(world.issue_file(&file, "references", &[]).expect(0).gifts("total"), 2);
    }
    let book = world.book();
    assert_eq!(book.gifts.len(), 4);
    let is_sent = |text: &str| book.gifts.iter().any(|gift| gift.description == text);
    assert!(is_sent(plain.0) && is_sent(plain.1));
    // Another campaign sees the same content in it.
    let file = world.file("again.csv", texts_of_another_program(plain));
    world.issue_file(&file, "june", &[]).expect(7);
}

fn texts_of_another_program(plain: (&str, &str)) -> String {
    texts(&format!("{}\u{200b}", plain.0), plain.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_file_that_look_the_same_are_told_with_both_lines() {
    // Goal: two rows in which a person sees no difference are one row pasted twice, until somebody says
    // otherwise. Method: texts and references that differ in what is invisible.
    let world = World::new();
    let text = texts("KUPON", "X") + &format!("{},10.00,2036-05-31,KUPON\u{200b}\n", wallet(1));
    let file = world.file("may.csv", text);
    let refused = world.run(&["load", &file, "--campaign", "may"]).expect(3);
    let words = "line 4 is the same as line 2, but for what nobody sees in its text";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    let meant = ["load", &file, "--campaign", "may", "--allow-duplicates", "--json"];
    assert_eq!(world.run(&meant).expect(0).gifts("total"), 3);
    let file = world.file("june.csv", references("2409", "2409.0"));
    let refused = world.run(&["load", &file, "--campaign", "june"]).expect(3);
    for words in ["line 3", "\"2409.0\"", "line 2 has it as 2409"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
}
