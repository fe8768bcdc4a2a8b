//! The account that is there without any set-up.

use super::{Account, Field, FieldType};
use crate::switches::Template;

impl Account {
    pub(crate) fn from_template(template: Template) -> Self {
        let mut account = Self::default();
        if template == Template::Empty {
            return account;
        }
        account.add_list(1, "Demo list");
        account.add_list(7, "VIP customers");
        let fields = [
            Field::new(1, "Tier", FieldType::Dropdown, &["Bronze", "Silver", "Gold"]),
            Field::new(2, "Birthday", FieldType::Date, &[]),
            Field::new(3, "Interests", FieldType::Listbox, &["Art", "Music", "Sports", "Travel"]),
            Field::new(4, "Score", FieldType::Number, &[]),
            Field::new(5, "Last order", FieldType::Datetime, &[]),
            Field::new(6, "Note", FieldType::Textarea, &[]),
            Field::new(7, "City", FieldType::Text, &[]),
            Field::new(8, "Newsletter", FieldType::Radio, &["Daily", "Weekly", "Never"]),
        ];
        account.fields.extend(fields.map(|field| (field.id, field)));
        for tag in ["customer", "newsletter", "vip", "win-back"] {
            account.tag(tag);
        }
        account
    }
}
