/* links: libshim viewer */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "libshim/box.h"
#include "libshim/copy.h"
#include "libshim/environment.h"
#include "libshim/note.h"
#include "libshim/shim.h"
#include "schema/secret.h"

#define NOTE_BYTES 4096u
#define NOTE_COUNT 11u

/* A box in memory, and a recorder that recorded a little. */
struct box shim_box;
bool box_parent_recorded;
static char *memory;
static sqlite3 *judge; /* reads JSON, and isn't ours */

void
record_thread(uint32_t *thread, uint64_t *events)
{
	*thread = 5;
	*events = 99;
}

/* A box in memory has nothing to be copied to. */
void
copy_evidence(bool fatal)
{
	(void)fatal;
}

static void
box_fresh(void)
{
	free(memory);
	memory = calloc(1, BOX_HEADER_BYTES + NOTE_BYTES * NOTE_COUNT);
	shim_box.base = memory;
	shim_box.header = (struct box_header *)memory;
	shim_box.header->note_bytes = NOTE_BYTES;
	shim_box.header->note_count = NOTE_COUNT;
	shim_box.header->regions[BOX_NOTES].offset_bytes = BOX_HEADER_BYTES;
	strcpy(shim_box.header->torch_version, "2.13.0");
}

static struct box_note *
slot(uint32_t index)
{
	return (struct box_note *)(memory + BOX_HEADER_BYTES + index * NOTE_BYTES);
}

static bool
write_note(enum box_note_kind kind, int64_t value)
{
	struct note note;

	if (!note_begin(&note, kind, 7))
		return false;
	json_object_begin(&note.json);
	json_key(&note.json, "value");
	json_int(&note.json, value);
	json_object_end(&note.json);
	note_publish(&note);
	return true;
}

/* What is at PATH in the note of slot INDEX, as text into OUT ("" if nothing is). Returns OUT. */
static const char *
slot_text(uint32_t index, const char *path, char out[256])
{
	sqlite3_stmt *question;

	out[0] = 0;
	sqlite3_prepare_v2(judge, "SELECT json_extract(?, ?)", -1, &question, NULL);
	sqlite3_bind_text(question, 1, slot(index)->text, (int)slot(index)->size_bytes, SQLITE_STATIC);
	sqlite3_bind_text(question, 2, path, -1, SQLITE_STATIC);
	if (sqlite3_step(question) == SQLITE_ROW && sqlite3_column_text(question, 0))
		strncat(out, (const char *)sqlite3_column_text(question, 0), 255);
	sqlite3_finalize(question);
	return out;
}

static int64_t
slot_value(uint32_t index)
{
	char out[256];

	return atoll(slot_text(index, "$.value", out));
}

static void
test_slots(void)
{
	box_fresh();
	CU_ASSERT_TRUE(write_note(BOX_NOTE_ENVIRONMENT, 1));
	CU_ASSERT_TRUE(write_note(BOX_NOTE_ENVIRONMENT, 2)); /* replaces the first */
	for (int i = 10; i < 13; i++)
		CU_ASSERT_TRUE(write_note(BOX_NOTE_FATAL, i));
	CU_ASSERT_FALSE(write_note(BOX_NOTE_FATAL, 13)); /* the first are kept */
	CU_ASSERT_EQUAL(slot_value(0), 2);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(slot_value(BOX_NOTE_FIRST_FATAL + i), 10 + i);
	CU_ASSERT_EQUAL(slot(1)->state, 2);
	CU_ASSERT_EQUAL(slot(1)->kind, BOX_NOTE_FATAL);
	CU_ASSERT_EQUAL(slot(1)->thread, 5);
	CU_ASSERT_EQUAL(slot(1)->events_before, 99);
	CU_ASSERT_EQUAL(slot(1)->event, 7);
	CU_ASSERT_EQUAL(slot(1)->number, 2);
	CU_ASSERT_TRUE(slot(1)->unix_ns > 1500000000000000000u);
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_NOTE_CUT], 1);
}

static void
test_ring(void)
{
	bool seen[11] = { false };

	box_fresh();
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_TRUE(write_note(i % 2 ? BOX_NOTE_EXCEPTION : BOX_NOTE_OPERATION, i));
	for (uint32_t i = BOX_NOTE_FIRST_RING; i < NOTE_COUNT; i++)
		seen[slot_value(i)] = true;
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_EQUAL(seen[i], i > 6); /* the newest four */
	CU_ASSERT_EQUAL(slot(0)->state, 0);
	CU_ASSERT_EQUAL(slot(1)->state, 0);
}

static void
test_states_take_turns(void)
{
	box_fresh();
	for (int i = 1; i <= 5; i++)
		CU_ASSERT_TRUE(write_note(BOX_NOTE_STATE, i));
	CU_ASSERT_EQUAL(slot_value(BOX_NOTE_FIRST_STATE) + slot_value(BOX_NOTE_FIRST_STATE + 1), 4 + 5); /* the newest two */
	CU_ASSERT_EQUAL(shim_box.header->told, 0); /* nothing is wrong */
	CU_ASSERT_EQUAL(slot(BOX_NOTE_FIRST_RING)->state, 0);
	CU_ASSERT_EQUAL(slot(BOX_NOTE_FIRST_STATE - 1)->state, 0);
}

static void
test_groups_have_a_slot(void)
{
	box_fresh();
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_TRUE(write_note(BOX_NOTE_GROUPS, i));
	CU_ASSERT_EQUAL(slot_value(BOX_NOTE_FIRST_GROUPS), 3); /* the newest */
	CU_ASSERT_EQUAL(shim_box.header->told, 0);
	CU_ASSERT_EQUAL(slot(BOX_NOTE_FIRST_RING)->state, 0);
	CU_ASSERT_EQUAL(slot(BOX_NOTE_FIRST_GROUPS - 1)->state, 0);
}

static void
test_busy_slots_are_left_alone(void)
{
	struct note open[4];

	box_fresh();
	for (int i = 0; i < 4; i++)
		CU_ASSERT_TRUE(note_begin(&open[i], BOX_NOTE_EXCEPTION, ~(uint64_t)0));
	CU_ASSERT_FALSE(write_note(BOX_NOTE_EXCEPTION, 1));
	CU_ASSERT_EQUAL(open[0].slot->state, 1);
	json_object_begin(&open[2].json);
	note_publish(&open[2]);
	CU_ASSERT_TRUE(write_note(BOX_NOTE_EXCEPTION, 2));
	CU_ASSERT_EQUAL(open[2].slot->state, 2);
}

static void
test_cut(void)
{
	struct note note;
	char out[256];

	box_fresh();
	CU_ASSERT_TRUE(note_begin(&note, BOX_NOTE_FATAL, 0));
	json_array_begin(&note.json);
	for (int i = 0; i < 1000; i++)
		json_string(&note.json, "more than there is room for");
	note_publish(&note);
	CU_ASSERT_STRING_EQUAL(slot_text(1, "$[1]", out), "more than there is room for");
	CU_ASSERT_TRUE(slot(1)->size_bytes <= NOTE_BYTES - sizeof(struct box_note));
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_NOTE_CUT], 1);
	CU_ASSERT_EQUAL(slot(2)->state, 0); /* nothing ran over */
}

static void
test_not_recording(void)
{
	shim_box.base = NULL;
	CU_ASSERT_FALSE(write_note(BOX_NOTE_FATAL, 1));
}

static void *
write_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < 2000; i++)
		write_note(BOX_NOTE_EXCEPTION, 4711);
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[4];

	box_fresh();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, write_many, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t i = BOX_NOTE_FIRST_RING; i < NOTE_COUNT; i++) {
		CU_ASSERT_EQUAL(slot(i)->state, 2);
		CU_ASSERT_EQUAL(slot_value(i), 4711);
	}
	CU_ASSERT_EQUAL(shim_box.header->next_note + shim_box.header->lost[BOX_LOSS_NOTE_CUT], 8000);
}

static void
test_environment(void)
{
	char text[64], out[256];

	box_fresh();
	setenv("RANK", "3", 1);
	setenv("NCCL_DEBUG", "INFO", 1);
	setenv("TORCH_HUB_TOKEN", "hunter2", 1);
	setenv("HOME_ADDRESS", "nobody's business", 1);
	environment_note();
	CU_ASSERT_STRING_EQUAL(slot_text(0, "$.env.RANK", out), "3");
	CU_ASSERT_STRING_EQUAL(slot_text(0, "$.env.NCCL_DEBUG", out), "INFO");
	CU_ASSERT_STRING_EQUAL(slot_text(0, "$.env.TORCH_HUB_TOKEN", out), "");
	CU_ASSERT_STRING_EQUAL(slot_text(0, "$.env.HOME_ADDRESS", out), "");
	CU_ASSERT_STRING_EQUAL(slot_text(0, "$.torch", out), "2.13.0");
	CU_ASSERT_STRING_NOT_EQUAL(slot_text(0, "$.argv[0]", out), "");
	CU_ASSERT_STRING_NOT_EQUAL(slot_text(0, "$.cwd", out), "");

	secret_mask("git+https://me:word@host/x and http://plain/y@z", text, sizeof text);
	CU_ASSERT_STRING_EQUAL(text, "git+https://***@host/x and http://plain/y@z");
	secret_mask("postgres://me:w@rd@host", text, sizeof text);
	CU_ASSERT_STRING_EQUAL(text, "postgres://***@host");
	secret_mask("0123456789", text, 5);
	CU_ASSERT_STRING_EQUAL(text, "0123");
}

static void
test_secret_names(void)
{
	static const char *const secrets[] = { "--hf-token", "HF_TOKEN", "api_key", "--wandb_api_key", "MY_SECRET",
					       "--db-password", "AWS_ACCESS_KEY_ID", "hub_token" };
	static const char *const harmless[] = { "--max_tokens", "--tokenizer", "max_new_tokens", "--pad_token_id",
						"--batch", "RANK", "" };

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		CU_ASSERT_TRUE(secret_name(secrets[i], strlen(secrets[i])));
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		CU_ASSERT_FALSE(secret_name(harmless[i], strlen(harmless[i])));
}

/* Secrets within one argument, as a shell's -c, a program, JSON or a header hold them. */
static void
test_secrets_in_text(void)
{
	static const struct { const char *text, *masked; } rows[] = {
		{ "A=1 HF_TOKEN=word python t.py --lr 1", "A=1 HF_TOKEN=*** python t.py --lr 1" },
		{ "python t.py --hub-token word --tokenizer x", "python t.py --hub-token *** --tokenizer x" },
		{ "login(token='a word'); go()", "login(token='***'); go()" },
		{ "import os; os.environ['HF_TOKEN']='word'", "import os; os.environ['HF_TOKEN']='***'" },
		{ "{\"api_key\": \"word\", \"max_tokens\": 12}", "{\"api_key\": \"***\", \"max_tokens\": 12}" },
		{ "{\\\"api_key\\\": \\\"word\\\"}", "{\\\"api_key\\\": \\\"***\"}" },
		{ "Authorization: Bearer word", "Authorization: Bearer ***" },
		{ "-H bearer word", "-H bearer ***" },
		{ "https://host/x?token=word&y=1", "https://host/x?token=***&y=1" },
		{ "for key in d: sort(key == 1)", "for key in d: sort(key == 1)" },
		{ "--use-token --lr 1", "--use-token --lr 1" },
		{ "token=", "token=" },
		{ "key=a", "key=***" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		secret_mask(rows[i].text, text, 2 * strlen(rows[i].text) + 1);
		CU_ASSERT_STRING_EQUAL(text, rows[i].masked);
		if (strcmp(text, rows[i].masked))
			puts(text);
	}
	secret_mask("A=1 HF_TOKEN=word", text, 16);
	CU_ASSERT_PTR_NULL(strstr(text, "w"));
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	sqlite3_open(":memory:", &judge);
	CU_initialize_registry();
	suite = CU_add_suite("note", NULL, NULL);
	CU_add_test(suite, "slots", test_slots);
	CU_add_test(suite, "ring", test_ring);
	CU_add_test(suite, "states take turns", test_states_take_turns);
	CU_add_test(suite, "groups have a slot", test_groups_have_a_slot);
	CU_add_test(suite, "busy slots", test_busy_slots_are_left_alone);
	CU_add_test(suite, "cut to the slot", test_cut);
	CU_add_test(suite, "not recording", test_not_recording);
	CU_add_test(suite, "threads", test_threads);
	CU_add_test(suite, "environment", test_environment);
	CU_add_test(suite, "names of secrets", test_secret_names);
	CU_add_test(suite, "secrets in a text", test_secrets_in_text);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	sqlite3_close(judge);
	free(memory);
	return failures != 0;
}
