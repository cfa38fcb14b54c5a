/* links: viewer */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/rendering/page.h"
#include "viewer/rendering/report_text.h"
#include "viewer/rendering/table.h"
#include "viewer/rendering/terminal.h"

static const char failing[] =
	"{'schema':1,'trace':{'directory':'shapebox-20261122-010512','start_ns':1,'end_ns':2,'run_time_s':12.3,"
	" 'command':['python','train.py','--cutoff','2048'],'torch':'2.13.0+cpu','python':'3.11.2','exit_status':1},"
	"'processes':[{'role':'rank','rank':0,'status':'failed','events':1000,'exit_code':1,'degraded':[{'name':'overwritten',"
	"  'count':1234,'text':'events overwritten by newer ones'}]},"
	" {'role':'rank','rank':1,'status':'killed','signal':15,'degraded':[{'name':'overwritten','count':1,'text':'events overwritten by newer ones'}]},"
	" {'role':'rank','rank':2,'status':'killed','signal':15,'degraded':[]},{'role':'rank','rank':3,'status':'killed','signal':15},"
	" {'role':'worker','loads_data':true,'rank':0,'status':'ok'},{'role':'worker','loads_data':false,'rank':0,'status':'ok'},{'role':'launcher','status':'failed','exit_code':1}],"
	"'failure':{'kind':'operation','process':{'rank':0,'pid':4712,'role':'worker'},'step':3,'event':771,'operation':'aten::cat',"
	" 'phase':'data','headline':'torch.cat in collate(): video_feat has 45 frames where text_feat has 46','micro_batch':1,"
	" 'exception':{'type':'RuntimeError','message':'Sizes of tensors must match except in dimension 0.\\nExpected size 46 but got size 45 for tensor number 1 in the list.'},"
	" 'where':{'file':'/home/me/project/collate.py','line':31,'function':'collate','module':null,'source':'   out = torch.cat(feats, dim=0)'},"
	" 'operands':["
	"  {'name':'tensors[0]','variable':'feats[0]','kind':'tensor','shape':[1,46,8],'dtype':'float32','device':'cpu','marked':false,"
	"   'origin':{'event':5,'operation':'aten::zeros','where':{'file':'/home/me/project/data.py','line':12}}},"
	"  {'name':'tensors[1]','variable':'feats[1]','kind':'tensor','shape':[1,45,8],'dtype':'float32','device':'cpu','marked':true,"
	"   'marked_dims':[1],'origin':{'event':6,'operation':'aten::zeros','where':'data.py:12'},'dim_note':null},"
	"  {'name':'dim','kind':'int','value':0,'variable':null},{'name':'out','kind':'none','value':null}],"
	" 'mismatch':{'property':'size','dim':1,'expected':46,'actual':45,'text':'dimension 1 of tensors[1] is 45, of the others 46'},"
	" 'origin':{'text':'45 comes from data.py:12'},"
	" 'causes':[{'rule':'ragged','confidence':'likely','text':'the samples of a batch have different numbers of frames',"
	"  'evidence':[{'event':5,'text':'data.py:12 made 46 frames'},{'event':6,'text':'data.py:12 made 45'}],'fix':'pad in collate()','setting':null}],"
	" 'lineage':[{'operand':'tensors[1]','lines':['45 rows: aten::zeros at data.py:12','from len(frames)']}],"
	" 'other_ranks_text':'ranks 1-3 were in step 3 too, waiting in all_reduce'},"
	"'handled':[{'type':'ValueError','message':'bad \\u001b[31msample','where':'data.py:5','times':2}],'findings':[],'ranks':{'text':null}}";

static json_t *
parse(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	for (char *at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	json = json_loads(copy, 0, NULL);
	free(copy);
	return json;
}

static char *
render(json_t *report, bool color)
{
	struct page page = { 0 };
	char *bytes = NULL;
	size_t size;
	FILE *file = open_memstream(&bytes, &size);

	report_text(&page, report, 100);
	CU_ASSERT_TRUE(page_print(&page, file, color));
	page_free(&page);
	fclose(file);
	return bytes;
}

static int
longest_line(const char *text, int *lines)
{
	int longest = 0;

	*lines = 0;
	while (*text) {
		size_t size = strcspn(text, "\n");
		char line[1024];

		snprintf(line, sizeof line, "%.*s", (int)size, text);
		if (page_columns(line) > longest)
			longest = page_columns(line);
		++*lines;
		text += size + (text[size] == '\n');
	}
	return longest;
}

static void
test_report_failure(void)
{
	json_t *report = parse(failing);
	char *text;
	int lines;

	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	text = render(report, false);
	if (getenv("SHOW"))
		puts(text);
	CU_ASSERT(longest_line(text, &lines) <= 100);
	CU_ASSERT(lines <= 40);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "FAILED     torch.cat in collate(): video_feat has 45 frames"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "4 ranks: rank 0 failed with status 1, ranks 1-3 killed by SIGTERM; 1 data worker,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "[1, >45<, 8]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "[1, 46, 8]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/home/me/project/collate.py:31 in collate"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "out = torch.cat(feats, dim=0)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "data.py:12 zeros"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1,235 events overwritten by newer ones (in 2 processes)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "2 times ValueError at data.py:5: bad \\x1b[31msample"));
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	CU_ASSERT_PTR_NULL(strstr(text, "null"));
	CU_ASSERT(strstr(text, "trace ") < strstr(text, "FAILED") && strstr(text, "FAILED") < strstr(text, "operation ") &&
		  strstr(text, "operation ") < strstr(text, "exception ") && strstr(text, "exception ") < strstr(text, "operands ") &&
		  strstr(text, "operands ") < strstr(text, "why ") && strstr(text, "why ") < strstr(text, "handled ") &&
		  strstr(text, "handled ") < strstr(text, "missing ") && strstr(text, "missing ") < strstr(text, "next "));
	free(text);
	text = render(report, true);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[1;31m>45<\033[0m"));
	free(text);
	json_decref(report);
}

/* Of stories that don't fit, views are left out before what changed something, wherever they stand. */
static void
test_report_elided(void)
{
	json_t *report = parse("{'trace':{'directory':'there'},'processes':[],'failure':{'headline':'h','operands':[{'kind':'tensor','name':'self','shape':[2]}],'lineage':["
			       "{'operand':'masks','passing':[1,3],'lines':['a','b','c','d','e','f']},{'operand':'other','lines':['k','l','m','n','o','p']}]}}");
	char *text = render(report, false);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "masks: a\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "... c\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "... e\n"));
	CU_ASSERT_PTR_NULL(strstr(text, " b\n"));
	CU_ASSERT_PTR_NULL(strstr(text, " d\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " f\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " n\n"));
	CU_ASSERT_PTR_NULL(strstr(text, " o\n")); /* then from the end of the longest, but its last */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "... p\n"));
	free(text);
	json_decref(report);
}

/* The line that ends a story says where the program asked for it: that isn't cut off, however long the operand's name is. */
static void
test_report_called(void)
{
	json_t *report = parse("{'trace':{'directory':'there'},'processes':[],'failure':{'headline':'h','operands':[{'kind':'tensor','name':'self','shape':[2]}],'lineage':["
			       "{'operand':'the model\\u0027s base_model.model.model.embed_tokens.modules_to_save.default.weight',"
			       "'lines':['130 = default.weight.shape[0] <- aten::empty modeling_utils.py:2961, called at load.py:14 (asked for 130)']}]}}");
	char *text = render(report, false);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "load.py:14"));
	free(text);
	json_decref(report);
}

/* What is unknown is left out: no empty label, no "null". */
static void
test_report_little(void)
{
	json_t *report = parse("{'trace':{'directory':'d'},'processes':[],'failure':{'headline':'it failed','where':null,'operands':[]}}");
	char *text = render(report, false);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "FAILED     it failed\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "operands"));
	CU_ASSERT_PTR_NULL(strstr(text, "exception"));
	CU_ASSERT_PTR_NULL(strstr(text, "versions"));
	CU_ASSERT_PTR_NULL(strstr(text, "why")); /* nothing that a rule could have read */
	free(text);
	json_object_set_new(json_object_get(report, "failure"), "operands", parse("[{'kind':'tensor','name':'self','shape':[2]}]"));
	text = render(report, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "why        not known: no rule fits what was recorded\n"));
	free(text);
	json_object_set_new(json_object_get(report, "failure"), "causes", parse("[{'confidence':'likely','text':'it is so','evidence':[],'fix':null}]"));
	text = render(report, false);
	CU_ASSERT_PTR_NULL(strstr(text, "not known"));
	free(text);
	json_decref(report);
}

static void
test_report_healthy(void)
{
	json_t *report = parse("{'trace':{'directory':'d','exit_status':0,'torch':'2.13.0'},'processes':[{'role':'other','status':'ok',"
			       "'events':12345,'steps':20}],'failure':null,'findings':[],'handled':[]}");
	char *text = render(report, false);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "OK         nothing wrong found: 12,345 operations recorded, 20 training steps"));
	free(text);
	json_object_set_new(json_object_get(report, "trace"), "exit_status", json_integer(3));
	text = render(report, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "FAILED "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ended with status 3"));
	free(text);
	json_decref(report);
}

/* Thirty-six tensors of which one is odd take four lines, not thirty-six. */
static void
test_report_folded(void)
{
	json_t *report = parse("{'trace':{'directory':'d'},'processes':[],'failure':{'headline':'h'}}");
	json_t *operands = json_array();
	char *text;
	int lines;

	for (int i = 0; i < 36; i++) {
		json_t *operand = json_pack("{s:s, s:[i,i], s:s, s:b}", "kind", "tensor", "shape", 2, i == 20 ? 4 : 3, "dtype",
					    "float32", "marked", i == 20);
		char name[32];

		snprintf(name, sizeof name, "tensors[%d]", i);
		json_object_set_new(operand, "name", json_string(name));
		json_object_set_new(operand, "marked_dims", i == 20 ? json_pack("[i]", 1) : json_array());
		json_array_append_new(operands, operand);
	}
	json_object_set_new(json_object_get(report, "failure"), "operands", operands);
	text = render(report, false);
	longest_line(text, &lines);
	CU_ASSERT(lines < 14);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "(... 19 more like tensors[0])"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "(... 15 more like tensors[0])"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "[2, >4<]"));
	free(text);
	json_decref(report);
}

static void
expect_escaped(const char *untrusted, const char *wanted)
{
	struct page page = { 0 };

	page_safe(&page, untrusted);
	CU_ASSERT_STRING_EQUAL(page_string(&page), wanted);
	page_free(&page);
}

static void
test_escape(void)
{
	struct page page = { 0 };

	expect_escaped("plain", "plain");
	expect_escaped("\033[31mred\a", "\\x1b[31mred\\x07");
	expect_escaped("a\001b", "a\\x01b");
	expect_escaped("\xc2\x9b" "1m", "\\u009b1m");
	expect_escaped("\xe2\x80\xae" "txt", "\\u202etxt");
	expect_escaped("\xff\xfe", "\\xff\\xfe");
	expect_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
	expect_escaped("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	page_words(&page, "  two\n\n  words\t");
	CU_ASSERT_STRING_EQUAL(page_string(&page), "two words");
	page_free(&page);
}

static void
test_numbers(void)
{
	struct page page = { 0 };

	page_count(&page, 1234567);
	page_add(&page, " ");
	page_count(&page, -12);
	page_add(&page, " ");
	page_plural(&page, 1, "process", "processes");
	page_add(&page, " ");
	page_bytes(&page, 31900000);
	page_add(&page, " ");
	page_duration(&page, 200);
	CU_ASSERT_STRING_EQUAL(page_string(&page), "1,234,567 -12 1 process 31.9 MB 3 min 20 s");
	page_free(&page);
}

static void
test_wrap(void)
{
	struct page page = { 0 };

	page_add(&page, "label     ");
	CU_ASSERT_EQUAL(page_wrap(&page, 10, 40, 0, "one two three four five six seven eight nine ten"), 2);
	CU_ASSERT_STRING_EQUAL(page_string(&page), "label     one two three four five six\n          seven eight nine ten\n");
	page_free(&page);
	page_wrap(&page, 0, 24, 1, "one two three four five six seven eight nine ten");
	CU_ASSERT_STRING_EQUAL(page_string(&page), "one two three four ...\n");
	page_free(&page);
	page_wrap(&page, 0, 20, 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	CU_ASSERT_STRING_EQUAL(page_string(&page), "aaaaaaaaaaaaaaaaaaaa\naaaaaaaaaa\n");
	page_free(&page);
}

static void
test_table(void)
{
	struct table table = { .columns = 3, .headers = { "name", "none", "n" }, .styles = { TABLE_CUT, TABLE_LEFT, TABLE_RIGHT } };
	struct page page = { 0 };

	table_add(&table, "\xe6\xbc\xa2\xe5\xad\x97"); /* two characters of two columns */
	table_add(&table, "");
	table_add(&table, "1");
	table_add(&table, "ab");
	table_add(&table, NULL);
	table_add(&table, "12");
	table_write(&table, &page, 0, 0);
	CU_ASSERT_STRING_EQUAL(page_string(&page), PAGE_FAINT "name   n" PAGE_END "\n\xe6\xbc\xa2\xe5\xad\x97   1\nab    12\n");
	page_free(&page);
	table_free(&table);
	table_add(&table, "a name that is far too long for so narrow a table");
	table_add(&table, "");
	table_add(&table, "1");
	table_write(&table, &page, 0, 30);
	CU_ASSERT_STRING_EQUAL(strchr(page_string(&page), '\n'), "\na name that is far too l...  1\n");
	page_free(&page);
	table_free(&table);
	table_add(&table, "state['model.layers.0.weight']"); /* neighbours that only their ends tell apart */
	table_add(&table, "");
	table_add(&table, "1");
	table_add(&table, "state['model.layers.0.bias']");
	table_add(&table, "");
	table_add(&table, "2");
	table_write(&table, &page, 0, 20);
	CU_ASSERT_STRING_EQUAL(strchr(page_string(&page), '\n'), "\n...ers.0.weight']  1\n...ayers.0.bias']  2\n");
	page_free(&page);
	table_free(&table);
	table.styles[0] = TABLE_PLACE; /* a line's number is never lost */
	table_add(&table, "mixed_tasks.py:20 layer_norm");
	table_add(&table, "");
	table_add(&table, "1");
	for (int width = 18; width <= 30; width += 6)
		table_write(&table, &page, 0, width);
	CU_ASSERT_STRING_EQUAL(page_string(&page), PAGE_FAINT "name             n" PAGE_END "\n..._tasks.py:20  1\n" PAGE_FAINT "name                   n" PAGE_END
			       "\nmixed_tasks.py:20      1\n" PAGE_FAINT "name                         n" PAGE_END "\nmixed_tasks.py:20 layer_...  1\n");
	page_free(&page);
	table_free(&table);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	setlocale(LC_CTYPE, "C.UTF-8");
	CU_initialize_registry();
	suite = CU_add_suite("render", NULL, NULL);
	CU_add_test(suite, "a failure's report", test_report_failure);
	CU_add_test(suite, "stories that do not fit", test_report_elided);
	CU_add_test(suite, "where the program asked", test_report_called);
	CU_add_test(suite, "a report of little", test_report_little);
	CU_add_test(suite, "a healthy run's report", test_report_healthy);
	CU_add_test(suite, "long operand lists", test_report_folded);
	CU_add_test(suite, "escaping", test_escape);
	CU_add_test(suite, "numbers", test_numbers);
	CU_add_test(suite, "wrapping", test_wrap);
	CU_add_test(suite, "tables", test_table);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
