"""A foreign Google client on built-in spreadsheets: gspread, as it is.

Usage: python gspread_check.py BASE_URL TOKEN SPREADSHEET_ID

BASE_URL is where Rouage answers, such as http://127.0.0.1:8080. Only the host
of gspread's requests is changed. The spreadsheet must exist and its first
sheet must be empty. Prints "ok" and exits 0 when everything was as at Google;
exits 77 when gspread is not installed.
"""

import sys

try:
    import gspread
    from google.auth.exceptions import RefreshError
    from google.oauth2.credentials import Credentials
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

GOOGLE = "https://sheets.googleapis.com"


def client(base, token):
    class HttpClient(gspread.HTTPClient):
        def request(self, method, endpoint, **options):
            assert endpoint.startswith(GOOGLE), endpoint
            return super().request(method, base.rstrip("/") + endpoint.removeprefix(GOOGLE), **options)

    return gspread.Client(auth=Credentials(token), http_client=HttpClient)


def equal(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def refused(code, message, call):
    try:
        call()
    except gspread.exceptions.APIError as error:
        equal(error.code, code)
        assert message in str(error), str(error)
        return
    raise AssertionError(f"{message!r} was not raised")


def rows_and_cells(book):
    sheet = book.sheet1
    sheet.append_row(["Name", "Total", "Ordered"])
    answer = sheet.append_row(["Zoé", "1,234.50", "2026-11-24"], value_input_option="USER_ENTERED")
    equal(answer["tableRange"], f"{sheet.title}!A1:C1")
    equal(answer["updates"]["updatedRange"], f"{sheet.title}!A2:C2")
    sheet.append_rows([["Bob", 2], ["Cid", 3.5, "=A1"]], insert_data_option="INSERT_ROWS")
    equal(
        sheet.get_all_values(),
        [["Name", "Total", "Ordered"], ["Zoé", "1,234.50", "2026-11-24"], ["Bob", "2", ""], ["Cid", "3.5", "=A1"]],
    )
    equal(sheet.get("B2:C2", value_render_option="UNFORMATTED_VALUE"), [[1234.5, 46350]])
    equal(sheet.get_all_records()[0], {"Name": "Zoé", "Total": 1234.5, "Ordered": "2026-11-24"})
    equal(sheet.col_values(1), ["Name", "Zoé", "Bob", "Cid"])
    equal(sheet.row_values(3), ["Bob", "2"])
    equal(sheet.find("Cid").address, "A4")
    sheet.update_acell("B3", 7)
    sheet.update_cell(3, 3, "x")
    sheet.update([["Dan", "8"]], "A5", value_input_option="USER_ENTERED")
    equal(sheet.acell("B3").value, "7")
    equal(sheet.batch_get(["A3:C3", "A5:B5"]), [[["Bob", "7", "x"]], [["Dan", "8"]]])
    sheet.batch_update([{"range": "A6:B6", "values": [["Eve", 9]]}, {"range": "C6", "values": [["y"]]}])
    equal(sheet.row_values(6), ["Eve", "9", "y"])
    sheet.delete_rows(5)
    sheet.insert_row(["Ann", 1], 2)
    equal(sheet.col_values(1), ["Name", "Ann", "Zoé", "Bob", "Cid", "Eve"])
    sheet.batch_clear(["C2:C9", "A6:B6"])
    equal(sheet.get_all_values()[-2:], [["Bob", "7", ""], ["Cid", "3.5", ""]])


def sheets(book):
    added = book.add_worksheet(title="It's / ours", rows=10, cols=4)
    equal((added.title, added.row_count, added.col_count, added.index), ("It's / ours", 10, 4, 1))
    added.append_row(["a", "b"], table_range="A1:B1")
    equal(book.worksheet("It's / ours").get("A1:B1"), [["a", "b"]])
    added.resize(rows=20)
    added.update_title("Renamed")
    equal([sheet.title for sheet in book.worksheets()], [book.sheet1.title, "Renamed"])
    refused(400, "exceeds grid limits", lambda: added.update_cell(21, 1, "x"))
    refused(400, "already exists", lambda: book.add_worksheet(title="renamed", rows=1, cols=1))
    added.clear()
    equal(added.get_all_values(), [[]])
    book.del_worksheet(added)
    equal(len(book.worksheets()), 1)


def errors(base, google):
    # On 401 Google's library wants a new token; this one cannot get any.
    try:
        client(base, "wrong").open_by_key("any")
        raise AssertionError("a wrong token was taken")
    except RefreshError:
        pass
    try:
        google.open_by_key("nowhere")
        raise AssertionError("a spreadsheet that does not exist was opened")
    except gspread.exceptions.SpreadsheetNotFound:
        pass


def main(base, token, spreadsheet):
    google = client(base, token)
    book = google.open_by_key(spreadsheet)
    rows_and_cells(book)
    sheets(book)
    book.update_title("Checked by gspread")
    equal(google.open_by_key(spreadsheet).title, "Checked by gspread")
    errors(base, google)
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
