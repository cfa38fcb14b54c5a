/* links: schema viewer */
/* Where named numbers were set: lines of configuration, of programs, words of the command. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis_events.h"
#include "viewer/analysis/text.h"
#include "viewer/analysis/causes/code/settings.h"

static void
test_settings(void)
{
	struct settings *read = calloc(1, sizeof(*read));
	json_t *argv = json_pack("[s, s, s, s, s]", "python", "train.py", "--max-length", "512", "data.seed=7");
	const struct setting *found;

	read->file_count = 2;
	strcpy(read->files[0], "/x/a.yaml");
	strcpy(read->files[1], "/x/train.py");
	settings_add_line(read, "cutoff_len: 2048  # tokens", 0, 17);
	settings_add_line(read, "{\"a\": 1, \"b_len\": 99}", 0, 18);
	settings_add_line(read, "CUTOFF: int = 2_048", 1, 3);
	settings_add_line(read, "ids = tokenize(text, max_length=640)", 1, 9);
	settings_add_line(read, "parser.add_argument('--block-size', type=int, default=1024)", 1, 11);
	settings_add_line(read, "if size == 77 or other <= 78 or x: 79a", 1, 12);
	settings_add_line(read, ":::===: = \"", 1, 13);
	settings_add_line(read, "n: 99999999999999999999999999", 1, 14);
	settings_add_line(read, "WIDTH, HEIGHT, TOKENS_PER_FRAME = 32, 24, 4", 1, 20);
	settings_add_line(read, "CONTEXT = 4 * 1024", 1, 21);
	settings_add_line(read, "ROOM = 2 ** 10  # rows", 1, 22);
	settings_add_line(read, "WORDS = 640 if \"--fixed\" in sys.argv else 480", 1, 23);
	settings_add_line(read, "a, b = function(1, 2)", 1, 24);
	settings_add_line(read, "SUM = 2 + 3 * 4", 1, 25);
	settings_add_line(read, "p.add_argument(\"--rate\", default=2); p.add_argument(\"--max-seconds\", default=6)", 1, 26);
	settings_add_command(read, argv);
	found = settings_find(read, "data_args.cutoff_len", 2048);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(found->line, 17);
	CU_ASSERT_PTR_NULL(settings_find(read, "data_args.cutoff_len", 2049));
	CU_ASSERT_EQUAL(settings_find(read, "cfg['b_len']", 99)->line, 18);
	CU_ASSERT_EQUAL(settings_find(read, "CUTOFF", 2048)->line, 3);
	CU_ASSERT_EQUAL(settings_find(read, "max_length", 640)->line, 9);
	CU_ASSERT_EQUAL(settings_find(read, "args.block_size", 1024)->line, 11);
	CU_ASSERT_EQUAL(settings_find(read, "args.max_length", 512)->file, -1);
	CU_ASSERT_EQUAL(settings_find(read, "seed", 7)->file, -1);
	CU_ASSERT_EQUAL(settings_find(read, "HEIGHT", 24)->line, 20);
	CU_ASSERT_EQUAL(settings_find(read, "TOKENS_PER_FRAME", 4)->line, 20);
	CU_ASSERT_PTR_NULL(settings_find(read, "HEIGHT", 32));
	CU_ASSERT_PTR_NULL(settings_find(read, "TOKENS_PER_FRAME", 32)); /* the first number is the first name's */
	CU_ASSERT_EQUAL(settings_find(read, "args.rate", 2)->line, 26);
	CU_ASSERT_EQUAL(settings_find(read, "args.max_seconds", 6)->line, 26);
	CU_ASSERT_PTR_NULL(settings_find(read, "args.rate", 6));
	CU_ASSERT_EQUAL(settings_find(read, "CONTEXT", 4096)->line, 21);
	CU_ASSERT_EQUAL(settings_find(read, "ROOM", 1024)->line, 22);
	CU_ASSERT_EQUAL(settings_find(read, "WORDS", 480)->line, 23);
	CU_ASSERT_EQUAL(settings_find(read, "WORDS", 640)->line, 23);
	CU_ASSERT_PTR_NULL(settings_find(read, "b", 2));
	CU_ASSERT_PTR_NULL(settings_find(read, "SUM", 20)); /* precedence is Python's */
	CU_ASSERT_PTR_NULL(settings_find(read, "size", 77));
	CU_ASSERT_PTR_NULL(settings_find(read, "other", 78));
	CU_ASSERT_PTR_NULL(settings_find(read, "x", 79));
	CU_ASSERT_PTR_NULL(settings_find(read, "", 7));
	json_decref(argv);
	free(read);
}

static void
write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	text_format(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

/* A file that the program names in parts, beside itself; not one whose parts stand apart. */
static void
test_named_in_parts(void)
{
	char folder[] = "/tmp/settings.XXXXXX", path[256];
	const struct process process = { .pid = 1 };
	struct hand hand = { .processes = &process, .process_count = 1 };
	struct source source = hand_source(&hand);
	struct settings *read = calloc(1, sizeof(*read));
	struct note started = { .kind = "environment" };
	json_t *frames;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	text_format(path, sizeof(path), "%s/conf", folder);
	mkdir(path, 0700);
	write_file(folder, "conf/run.yaml", "image_size: 48\n");
	write_file(folder, "conf/other.yaml", "patch: 16\n");
	write_file(folder, "train.py", "f = os.path.join(here, \"conf\", 'run.yaml')\ng = {\"conf\": \"other.yaml\"}\n");
	text_format(path, sizeof(path), "%s/train.py", folder);
	frames = json_pack("[{s:s}]", "file", path);
	settings_load(&source, 0, frames, 0, read);
	CU_ASSERT_PTR_NOT_NULL(settings_find(read, "cfg['image_size']", 48));
	CU_ASSERT_PTR_NULL(settings_find(read, "cfg['patch']", 16));
	json_decref(frames);
	settings_load(&source, 0, NULL, 0, read);
	CU_ASSERT_PTR_NULL(settings_find(read, "cfg['image_size']", 48));
	started.json = json_pack("{s:[s, s], s:s}", "argv", "python", "train.py", "cwd", folder); /* the program isn't in the frames: a data worker's */
	hand.notes[0] = &started;
	hand.note_counts[0] = 1;
	settings_load(&source, 0, NULL, 0, read);
	CU_ASSERT_PTR_NOT_NULL(settings_find(read, "cfg['image_size']", 48));
	CU_ASSERT_STRING_EQUAL(settings_name(read, "kwargs['image_size']", 48), "image_size");
	CU_ASSERT_STRING_EQUAL(settings_name(read, "kwargs['image_size']", 49), "kwargs['image_size']");
	CU_ASSERT_STRING_EQUAL(settings_name(read, "cfg['image_size']", 48), "cfg['image_size']");
	json_decref(started.json);
	for (const char *const *name = (const char *const []){ "train.py", "conf/run.yaml", "conf/other.yaml", "conf", "", NULL }; *name; name++) {
		text_format(path, sizeof(path), "%s/%s", folder, *name);
		remove(path);
	}
	free(read);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("settings", NULL, NULL);
	CU_add_test(suite, "settings", test_settings);
	CU_add_test(suite, "files named in parts", test_named_in_parts);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
