//! Files of customers, from bytes to the rows of those who have a birthday.

use super::*;
use crate::domain::{BirthdayWindow, LeapDay};

/// Birthdays of 1 March 2027 and the day before, 100 for each.
fn celebrating() -> ReadOptions {
    let window = BirthdayWindow::new("2027-03-01".parse().unwrap(), 1);
    let amount = Money::from_minor(10_000);
    ReadOptions {
        description: Some("Doğum günü".to_owned()),
        expires: Some(Expiry::Never),
        birthdays: Some(Birthdays { window, leap_day: LeapDay::Feb28, amount }),
        ..options()
    }
}

fn read_all(text: &str, options: &ReadOptions) -> Result<(Vec<RowOutcome>, u64), IntakeError> {
    let survey = survey_of(text.as_bytes(), options)?;
    let mut rows = rows_of(text.as_bytes(), &survey, options)?;
    let all = rows.by_ref().collect::<Result<_, _>>()?;
    assert_eq!(rows.seen(), survey.rows);
    Ok((all, survey.rows))
}

#[test]
fn only_those_who_have_a_birthday_have_a_row() {
    // Goal: a row names its day, and takes from the options what it does not say. Method: five customers,
    // of whom three have one.
    let text = format!(
        "Ad;TUTAR;Doğum Günü;Cüzdan\na;50,50;01.03.1990;{W1}\nb;;28.02;{W2}\nc;1;02.03.1990;{W1}\n\
         d;;--02-29;{W2}\n\ne;7;27.02.1990;{W2}\n"
    );
    let (all, rows) = read_all(&text, &celebrating()).unwrap();
    assert_eq!(rows, 5);
    let told: Vec<_> = good(all)
        .into_iter()
        .map(|row| (row.line, row.content.amount.minor(), row.reference.unwrap()))
        .collect();
    let told: Vec<_> =
        told.iter().map(|(line, minor, day)| (*line, *minor, day.as_str())).collect();
    assert_eq!(
        told,
        [(2, 5_050, "2027-03-01"), (3, 10_000, "2027-02-28"), (5, 10_000, "2027-02-28")]
    );
}

#[test]
fn faults_are_told_whether_it_is_their_day_or_not() {
    // Goal: nobody waits a year to hear of a fault. Method: one fault in each column, on another day.
    let text = format!(
        "wallet;amount;birthday;currency\nx;5;05.05.1990;\n{W1};0;05.05.1990;\n{W1};5;31.04;\n\
         {W1};5;05.05;USD\n{W2};5;05.05;TRY\n"
    );
    let (all, _) = read_all(&text, &celebrating()).unwrap();
    let told = faults(all);
    let columns: Vec<(u64, &str)> = told.iter().map(|fault| (fault.0, fault.1.as_str())).collect();
    assert_eq!(columns, [(2, "wallet"), (3, "amount"), (4, "birthday"), (5, "currency")]);
}

#[test]
fn columns_mean_what_a_file_of_customers_can_mean() {
    // Goal: an expiry or a reference of some other program changes nothing, and a slip in a name that
    // counts is told. Method: headers of both kinds of file.
    let row = |header: &str| format!("{header}\n{W1};01.03.1990;x;y\n");
    let (all, _) = read_all(&row("wallet;birth date;reference;expires"), &celebrating()).unwrap();
    assert_eq!(good(all)[0].reference.as_deref(), Some("2027-03-01"));
    let refused = |header: &str, options: &ReadOptions| match read_all(&row(header), options) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{header}"),
    };
    let error = refused("wallet;birth_dat;a;b", &celebrating());
    assert_eq!(error, "there is no column birth_date; the nearest is \"birth_dat\"");
    let error = refused("wallet;birth_date;amout;b", &celebrating());
    assert!(error.contains("is nearly amount"), "{error}");
    let mut other = celebrating();
    other.map = vec![(Column::ExpiresAt, "b".to_owned())];
    let error = refused("wallet;birth_date;a;b", &other);
    assert!(error.contains("means nothing in a file of this kind"), "{error}");
    // In a campaign's file a birth date is a column like any other, however its name is written.
    let text = format!("wallet;amount;birth_dat;description\n{W1};5;?;x\n");
    let campaign = ReadOptions { expires: Some(Expiry::Never), ..options() };
    assert_eq!(good(read_all(&text, &campaign).unwrap().0).len(), 1);
}
