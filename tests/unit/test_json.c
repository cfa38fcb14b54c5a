/* links: libshim viewer */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "libshim/json.h"

static char text[4096];
static sqlite3 *judge; /* knows JSON, and isn't ours */

static bool
is_valid(const char *bytes, size_t size)
{
	sqlite3_stmt *question;
	bool valid;

	sqlite3_prepare_v2(judge, "SELECT json_valid(?)", -1, &question, NULL);
	sqlite3_bind_text(question, 1, bytes, (int)size, SQLITE_STATIC);
	valid = sqlite3_step(question) == SQLITE_ROW && sqlite3_column_int(question, 0);
	sqlite3_finalize(question);
	return valid;
}

static const char *
finished(struct json_writer *json)
{
	json_finish(json);
	text[json->used] = 0;
	return text;
}

static void
test_values(void)
{
	struct json_writer json;

	json_begin(&json, text, sizeof text - 1);
	json_object_begin(&json);
	json_key(&json, "i");
	json_int(&json, INT64_MIN);
	json_key(&json, "j");
	json_int(&json, 0);
	json_key(&json, "b");
	json_bool(&json, true);
	json_key(&json, "n");
	json_null(&json);
	json_key(&json, "a");
	json_array_begin(&json);
	json_int(&json, INT64_MAX);
	json_string(&json, "x");
	json_array_begin(&json);
	json_array_end(&json);
	json_object_begin(&json);
	json_object_end(&json);
	json_array_end(&json);
	json_key(&json, "p");
	json_address(&json, 0xdeadbeef00u);
	json_key(&json, "f");
	json_number(&json, "-1.5e-05", 8);
	json_key(&json, "nan");
	json_number(&json, "nan", 3);
	json_key(&json, "none");
	json_string(&json, NULL);
	json_object_end(&json);
	CU_ASSERT_STRING_EQUAL(finished(&json),
			       "{\"i\":-9223372036854775808,\"j\":0,\"b\":true,\"n\":null,\"a\":[9223372036854775807,\"x\",[],"
			       "{}],\"p\":\"0xdeadbeef00\",\"f\":-1.5e-05,\"nan\":null,\"none\":null}");
	CU_ASSERT_FALSE(json.cut);
}

static const char *
escaped(const char *bytes, size_t size)
{
	struct json_writer json;

	json_begin(&json, text, sizeof text - 1);
	json_text(&json, bytes, size);
	return finished(&json);
}

static void
test_escapes(void)
{
	CU_ASSERT_STRING_EQUAL(escaped("a\"b\\c/\n\t\x01\x7f", 10), "\"a\\\"b\\\\c/\\n\\t\\u0001\\u007f\"");
	CU_ASSERT_STRING_EQUAL(escaped("a\0b", 3), "\"a\\u0000b\"");
	CU_ASSERT_STRING_EQUAL(escaped("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10),
			       "\"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	/* Not UTF-8: a lone byte, an overlong form, a surrogate, above U+10FFFF, cut at the end. */
	CU_ASSERT_STRING_EQUAL(escaped("\xff", 1), "\"\xef\xbf\xbd\"");
	CU_ASSERT_STRING_EQUAL(escaped("\xc0\xaf", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	CU_ASSERT_STRING_EQUAL(escaped("\xed\xa0\x80", 3), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	CU_ASSERT_STRING_EQUAL(escaped("\xf4\x90\x80\x80", 4), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	CU_ASSERT_STRING_EQUAL(escaped("a\xe2\x82", 3), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void
test_numbers(void)
{
	static const char *const good[] = { "0", "-0.0", "12", "1.25", "1e+300", "-3E2" };
	static const char *const bad[] = { "", "-", "01", "1.", ".5", "1e", "inf", "nan", "1 ", "0x10" };
	struct json_writer json;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		json_begin(&json, text, sizeof text - 1);
		json_number(&json, good[i], strlen(good[i]));
		CU_ASSERT_STRING_EQUAL(finished(&json), good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_begin(&json, text, sizeof text - 1);
		json_number(&json, bad[i], strlen(bad[i]));
		CU_ASSERT_STRING_EQUAL(finished(&json), "null");
	}
}

/* Something of everything, keys and values in every order that the notes have. */
static void
write_much(struct json_writer *json)
{
	json_object_begin(json);
	for (int i = 0; i < 3; i++) {
		json_key(json, i == 0 ? "first" : i == 1 ? "second \"key\"" : "t");
		json_array_begin(json);
		for (int k = 0; k < 3; k++) {
			json_object_begin(json);
			json_key(json, "name");
			json_string(json, "caf\xc3\xa9 \"quoted\"\n");
			json_key(json, "value");
			json_int(json, 1000 * k);
			json_key(json, "deep");
			json_array_begin(json);
			json_array_begin(json);
			json_bool(json, k);
			json_address(json, (uint64_t)k);
			json_array_end(json);
			json_array_end(json);
			json_object_end(json);
		}
		json_array_end(json);
		json_key(json, i == 0 ? "a" : i == 1 ? "b" : "c");
		json_null(json);
	}
	json_object_end(json);
}

static void
test_every_room(void)
{
	struct json_writer json;
	uint32_t whole;

	json_begin(&json, text, sizeof text - 1);
	write_much(&json);
	json_finish(&json);
	whole = json.used;
	CU_ASSERT_FALSE(json.cut);
	for (uint32_t room = 2; room <= whole; room++) {
		char *bytes = malloc(room); /* of exactly this size: a sanitizer sees one byte too many */
		json_begin(&json, bytes, room);
		write_much(&json);
		json_finish(&json);
		CU_ASSERT_TRUE(is_valid(bytes, json.used));
		CU_ASSERT_TRUE(json.used <= room);
		CU_ASSERT_TRUE(json.cut || room == whole);
		CU_ASSERT_TRUE(!json.cut || room < whole + 4); /* a key keeps room for a null */
		free(bytes);
	}
}

static void
test_strings_are_shortened(void)
{
	struct json_writer json;

	json_begin(&json, text, 20);
	json_object_begin(&json);
	json_key(&json, "message");
	json_string(&json, "caf\xc3\xa9 au lait");
	json_key(&json, "more");
	json_int(&json, 1);
	json_object_end(&json);
	CU_ASSERT_STRING_EQUAL(finished(&json), "{\"message\":\"caf\xc3\xa9 \"}");
	CU_ASSERT_TRUE(json.cut);
}

static void
test_misuse(void)
{
	struct json_writer json;

	/* Ends without beginnings, values without keys, too deep: nothing is broken. */
	json_begin(&json, text, sizeof text - 1);
	json_object_end(&json);
	json_object_begin(&json);
	json_int(&json, 1);
	json_key(&json, "k");
	json_object_end(&json);
	json_int(&json, 2);
	CU_ASSERT_STRING_EQUAL(finished(&json), "{\"k\":null}");

	json_begin(&json, text, sizeof text - 1);
	for (unsigned i = 0; i < JSON_DEPTH_MAX + 20; i++)
		json_array_begin(&json);
	for (unsigned i = 0; i < JSON_DEPTH_MAX + 20; i++)
		json_array_end(&json);
	json_finish(&json);
	CU_ASSERT_TRUE(is_valid(text, json.used));
	CU_ASSERT_TRUE(json.cut);
}

static void
test_room_left(void)
{
	struct json_writer json;

	json_begin(&json, text, 100);
	CU_ASSERT_EQUAL(json_left(&json), 100);
	json_array_begin(&json);
	CU_ASSERT_EQUAL(json_left(&json), 98); /* a bracket written, one set aside */
	json_int(&json, 12);
	CU_ASSERT_EQUAL(json_left(&json), 96);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	sqlite3_open(":memory:", &judge);
	CU_initialize_registry();
	suite = CU_add_suite("json", NULL, NULL);
	CU_add_test(suite, "values", test_values);
	CU_add_test(suite, "escapes", test_escapes);
	CU_add_test(suite, "numbers", test_numbers);
	CU_add_test(suite, "valid in every room", test_every_room);
	CU_add_test(suite, "strings are shortened", test_strings_are_shortened);
	CU_add_test(suite, "misuse", test_misuse);
	CU_add_test(suite, "room left", test_room_left);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	sqlite3_close(judge);
	return failures != 0;
}
