use fathuss_model::actions;
use fathuss_model::aws::policy::Statement;

fn main() {
    let _ = Statement::allow(actions!["*"]).on("*");
}
