#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "safety/xmp.h"

#define URI "http://cv.iptc.org/newscodes/digitalsourcetype/"

static bool finds(const char *packet, enum fus_digital_source_type *type)
{
    size_t size = strlen(packet);
    FUS_AUTO_FREE char *exact =
        fus_malloc(size + 1); /* so that a sanitizer sees a read behind it */

    memcpy(exact, packet, size);
    return fus_xmp_source_type(exact, size, type);
}

static void attribute_element_and_resource_are_understood(void **state)
{
    enum fus_digital_source_type type;

    assert_true(finds("<a Iptc4xmpExt:DigitalSourceType=\"" URI "compositeSynthetic\"/>", &type));
    assert_int_equal(type, FUS_DST_COMPOSITE_SYNTHETIC);
    assert_true(finds("<Iptc4xmpExt:DigitalSourceType>\n " URI
                      "compositeWithTrainedAlgorithmicMedia\n</Iptc4xmpExt:DigitalSourceType>",
                      &type));
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
    assert_true(finds("<i:DigitalSourceType rdf:resource='https://cv.iptc.org/newscodes/"
                      "digitalsourcetype/compositeSynthetic'/>",
                      &type));
}

static void other_terms_and_near_misses_are_not_ours(void **state)
{
    enum fus_digital_source_type type;

    assert_false(finds("", &type));
    assert_false(finds(":DigitalSourceType", &type));
    assert_false(finds("x:DigitalSourceType=\"" URI "digitalCapture\"", &type));
    assert_false(finds("x:DigitalSourceType=\"" URI "compositeSyntheticX\"", &type));
    assert_false(finds("x:DigitalSourceType=\"http://example.com/compositeSynthetic\"", &type));
    assert_false(finds("x:Other=\"" URI "compositeSynthetic\"", &type));
    /* a first one that says nothing does not hide a second */
    assert_true(
        finds("x:DigitalSourceType=\"\" y:DigitalSourceType=\"" URI "compositeSynthetic\"", &type));
}

static void hostile_text_cannot_break_the_packet(void **state)
{
    const struct fus_label label = {.type = FUS_DST_COMPOSITE_SYNTHETIC,
                                    .tool = "\"/><evil a='\x01\xff",
                                    .job_id = "",
                                    .models = NULL};
    FUS_AUTO_STR struct fus_str packet = {0};

    assert_int_equal(fus_xmp_build(&label, &packet, NULL), 0);
    assert_null(strstr(packet.text, "<evil"));
    assert_non_null(strstr(packet.text, "xmp:CreatorTool=\"&quot;/&gt;&lt;evil a='??\""));
    assert_null(strstr(packet.text, "JobID"));
}

static void text_without_end_is_refused(void **state)
{
    FUS_AUTO_STR struct fus_str packet = {0};
    FUS_AUTO_FREE char *models = fus_malloc(70000);
    struct fus_label label = {.type = FUS_DST_COMPOSITE_SYNTHETIC, .tool = "t", .models = models};

    memset(models, 'a', 69999);
    models[69999] = '\0';
    assert_int_equal(fus_xmp_build(&label, &packet, NULL), FUS_E_LABELLING_FAILED);
    memset(models, '"', 8000); /* six characters each */
    models[8000] = '\0';
    label.job_id = models;
    fus_str_clear(&packet);
    assert_int_equal(fus_xmp_build(&label, &packet, NULL), FUS_E_LABELLING_FAILED);
}

static void the_terms_are_iptcs(void **state)
{
    assert_string_equal(fus_label_term(FUS_DST_COMPOSITE_SYNTHETIC), "compositeSynthetic");
    assert_string_equal(fus_label_uri(FUS_DST_COMPOSITE_TRAINED),
                        URI "compositeWithTrainedAlgorithmicMedia");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attribute_element_and_resource_are_understood),
        cmocka_unit_test(other_terms_and_near_misses_are_not_ours),
        cmocka_unit_test(hostile_text_cannot_break_the_packet),
        cmocka_unit_test(text_without_end_is_refused),
        cmocka_unit_test(the_terms_are_iptcs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
