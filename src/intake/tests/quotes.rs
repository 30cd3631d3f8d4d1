//! Quotes, and the lines that they hold: where rows stand, and that none of them vanishes.

use super::*;

#[test]
fn lines_of_rows_are_those_of_an_editor() {
    // Goal: line numbers hold with `sep=`, blank lines, cells of two lines and either ending.
    // Method: the same file with LF and with CRLF, its last row bad.
    let text = format!(
        "sep=;\n\nwallet;amount;expires;description;note\n\n{W1};5;never;a;\"one\ntwo\"\n ; ;;;\n\
         {W2};x;never;a;\n"
    );
    for ending in ["\n", "\r\n"] {
        let text = text.replace('\n', ending);
        let all = outcomes(text.as_bytes(), &options()).unwrap();
        let RowOutcome::Good(row) = &all[0] else {
            panic!("{all:?}");
        };
        assert_eq!(row.line, 5);
        assert_eq!(row.cells[4], format!("one{ending}two"));
        assert_eq!(faults(all), [(8, "amount".into(), "not a number".into())]);
    }
}

#[test]
fn unbalanced_quotes_do_not_swallow_rows() {
    // Goal: a quote too many is named where it opened. Method: a quote that the next quote closes
    // in each kind of cell.
    let row = format!("{W2},5,never,b,");
    let head = "wallet,amount,expires,description,note";
    let text = format!("{head}\n\"{W1},5,never,a,\n{row}\"\n");
    let found = faults(outcomes(text.as_bytes(), &options()).unwrap());
    assert_eq!(found[0].2, "the quote that opened on line 2 holds other rows");
    let text = format!("{head}\n{W1},\"5\n0\",never,a,\n");
    let found = faults(outcomes(text.as_bytes(), &options()).unwrap());
    assert_eq!(found[0].1, "amount");
    assert_eq!(found[0].2, "a line break inside the quote that opened on line 2");
    let text = format!("{head}\n{W1},5,never,a,\"x\n{row}\"\n");
    let found = faults(outcomes(text.as_bytes(), &options()).unwrap());
    assert_eq!(found[0].2, "the quote that opened on line 2 holds other rows");
    let text = format!("{head}\n{W1},5,never,\"a\n9,05E+11,5,never,b\",\n");
    let found = faults(outcomes(text.as_bytes(), &options()).unwrap());
    assert_eq!(found[0].2, "the quote that opened on line 2 holds other rows");
    let text = format!("{head}\n{W1},5,never,\"a,\n{W2},5,never,\"b\",\n{W1},x,never,c,\n");
    let found = faults(outcomes(text.as_bytes(), &options()).unwrap());
    assert_eq!(found[0].2, "the quote that opened on line 2 does not close before a delimiter");
    assert_eq!(found[1].0, 4);
}

#[test]
fn no_quote_too_many_takes_a_row_away() {
    // Goal: wherever a quote opens and closes, no row vanishes in silence. Method: a quote at the start of
    // one cell and at the end of another, in each pair of cells, in columns of three orders, with line ends
    // of three kinds, and ids with and without hyphens.
    let orders = [
        "wallet;amount;expires;description;note",
        "description;note;wallet;amount;expires",
        "wallet;description;note;amount;expires",
    ];
    let cell = |column: &str, row: usize, simple: bool| match column {
        "wallet" if simple => format!("{:032x}", 0xabc + row),
        "wallet" => uuid::Uuid::from_u128(0xabc + row as u128).to_string(),
        "amount" => format!("{}", 10 + row),
        "expires" => "2036-05-31".to_owned(),
        other => format!("{other}{row}"),
    };
    for (order, ending, simple) in orders.iter().flat_map(|order| {
        ["\n", "\r\n", "\r"].iter().flat_map(move |end| [(order, *end, false), (order, *end, true)])
    }) {
        let columns: Vec<&str> = order.split(';').collect();
        // Row 0 is the header.
        let places: Vec<(usize, usize)> =
            (0..5).flat_map(|row| (0..columns.len()).map(move |column| (row, column))).collect();
        for (at, open) in places.iter().enumerate() {
            for close in &places[at..] {
                let mut text = String::new();
                for row in 0..5 {
                    let mut cells: Vec<String> = match row {
                        0 => columns.iter().map(|&name| name.to_owned()).collect(),
                        _ => columns.iter().map(|name| cell(name, row, simple)).collect(),
                    };
                    for (index, cell) in cells.iter_mut().enumerate() {
                        if *open == (row, index) {
                            cell.insert(0, '"');
                        }
                        if *close == (row, index) {
                            cell.push('"');
                        }
                    }
                    text += &(cells.join(";") + ending);
                }
                let read = outcomes(text.as_bytes(), &options());
                let is_whole = open == close;
                let rows =
                    read.map(|rows| rows.into_iter().map(|row| matches!(row, RowOutcome::Good(_))));
                let good = rows.map(|rows| rows.collect::<Vec<_>>());
                match good {
                    Ok(good) if is_whole => assert_eq!(good, [true; 4], "{text}"),
                    Ok(good) => assert!(good.contains(&false), "{text}"),
                    Err(error) => assert!(!is_whole, "{error}: {text}"),
                }
            }
        }
    }
}
