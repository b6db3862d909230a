#include "safety/xmp.h"

#include <string.h>

#define SCHEME_HTTP "http://"
#define SCHEME_HTTPS "https://"
#define NEWSCODES "cv.iptc.org/newscodes/digitalsourcetype/"
#define TEXT_MAX 8192 /* of one property, before escaping */

static const struct {
    const char *term, *uri;
} terms[] = {
    [FUS_DST_COMPOSITE_SYNTHETIC] = {"compositeSynthetic",
                                     SCHEME_HTTP NEWSCODES "compositeSynthetic"},
    [FUS_DST_COMPOSITE_TRAINED] = {"compositeWithTrainedAlgorithmicMedia",
                                   SCHEME_HTTP NEWSCODES "compositeWithTrainedAlgorithmicMedia"},
};

const char *fus_label_term(enum fus_digital_source_type type)
{
    return terms[type].term;
}

const char *fus_label_uri(enum fus_digital_source_type type)
{
    return terms[type].uri;
}

/* Escaped for an attribute. What XML 1.0 cannot carry (control characters, broken UTF-8) becomes
 * '?': a packet that a reader refuses would be no label at all. */
static void put_escaped(struct fus_str *out, const char *text)
{
    bool valid = fus_utf8_valid(text, strlen(text));

    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < 0x20 || c == 0x7f || (!valid && c >= 0x80)) {
            fus_str_append_n(out, "?", 1);
        } else if (c == '&') {
            fus_str_append(out, "&amp;");
        } else if (c == '<') {
            fus_str_append(out, "&lt;");
        } else if (c == '>') {
            fus_str_append(out, "&gt;");
        } else if (c == '"') {
            fus_str_append(out, "&quot;");
        } else {
            fus_str_append_n(out, p, 1);
        }
    }
}

static void put_attribute(struct fus_str *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    fus_str_printf(out, "\n    %s=\"", name);
    put_escaped(out, value);
    fus_str_append(out, "\"");
}

static bool too_long(const char *text)
{
    return text && strlen(text) > TEXT_MAX;
}

int fus_xmp_build(const struct fus_label *label, struct fus_str *packet, struct fus_error *err)
{
    if (too_long(label->tool) || too_long(label->job_id) || too_long(label->models))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The label's text is too long.");

    size_t start = packet->length;

    fus_str_append(packet, "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                           "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
                           " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
                           "  <rdf:Description rdf:about=\"\"\n"
                           "    xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n"
                           "    xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\"\n"
                           "    xmlns:fusiond=\"urn:fusiond:xmp:1.0\"");
    put_attribute(packet, "Iptc4xmpExt:DigitalSourceType", fus_label_uri(label->type));
    put_attribute(packet, "xmp:CreatorTool", label->tool);
    put_attribute(packet, "fusiond:JobID", label->job_id);
    put_attribute(packet, "fusiond:Models", label->models);
    fus_str_append(packet, "/>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>");
    if (packet->failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the label.");
    if (packet->length - start > FUS_XMP_PACKET_MAX)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The label's text is too long.");
    return 0;
}

static bool starts(const char *text, size_t length, const char *prefix, size_t *used)
{
    size_t n = strlen(prefix);

    if (length < n || memcmp(text, prefix, n) != 0)
        return false;
    *used = n;
    return true;
}

bool fus_xmp_uri_type(const char *uri, size_t length, enum fus_digital_source_type *type)
{
    size_t used;

    if (!starts(uri, length, SCHEME_HTTP, &used) && !starts(uri, length, SCHEME_HTTPS, &used))
        return false;
    uri += used;
    length -= used;
    if (!starts(uri, length, NEWSCODES, &used))
        return false;
    uri += used;
    length -= used;
    for (size_t i = 0; i < FUS_COUNT(terms); i++) {
        if (length == strlen(terms[i].term) && memcmp(uri, terms[i].term, length) == 0) {
            *type = (enum fus_digital_source_type)i;
            return true;
        }
    }
    return false;
}

/* From behind the property's name: attribute (= "uri"), element (>uri<) or rdf:resource; the value
 * is what stands between the next "http" within reach and the character that ends it. */
static bool value_at(const char *text, size_t length, enum fus_digital_source_type *type)
{
    size_t reach = FUS_MIN(length, (size_t)256);
    const char *uri = memmem(text, reach, "http", 4);
    size_t end = 0;

    if (!uri)
        return false;
    length -= (size_t)(uri - text);
    while (end < length && end < 256 && !strchr("\"'<> \t\r\n", uri[end]))
        end++; /* strchr finds the NUL as well */
    return fus_xmp_uri_type(uri, end, type);
}

bool fus_xmp_source_type(const void *packet, size_t size, enum fus_digital_source_type *type)
{
    static const char name[] = ":DigitalSourceType";
    const char *text = packet;

    for (;;) {
        const char *at = size ? memmem(text, size, name, sizeof(name) - 1) : NULL;

        if (!at)
            return false;
        at += sizeof(name) - 1;
        size -= (size_t)(at - text);
        text = at;
        if (value_at(text, size, type))
            return true;
    }
}
