// Reads the views as a program does that knows only JDBC's metadata.
//     java -cp postgresql.jar Client.java FOLDER PORT     FOLDER has what psql says: views.tsv, columns.VIEW.tsv, values.VIEW.tsv

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.postgresql.util.PGInterval;

public class Client {
    // what depends on the moment of reading is compared by its type only
    static final Set<String> MOMENTARY = Set.of("waited", "working_time", "allowed_at");
    // what the driver calls the server's types, and which of JDBC's they are
    static final Map<String, String> NAMES = Map.of("bigint", "int8", "integer", "int4", "text", "text", "timestamp with time zone", "timestamptz",
        "interval", "interval", "double precision", "float8", "boolean", "bool", "jsonb", "jsonb");
    static final Map<String, Integer> TYPES = Map.of("int8", Types.BIGINT, "int4", Types.INTEGER, "text", Types.VARCHAR, "timestamptz", Types.TIMESTAMP,
        "interval", Types.OTHER, "float8", Types.DOUBLE, "bool", Types.BIT, "jsonb", Types.OTHER);
    static int failed = 0;

    // The lines of a file in COPY's text format.
    static List<String[]> lines(String folder, String name) throws Exception {
        List<String[]> found = new ArrayList<>();
        for (String line : Files.readString(Path.of(folder, name), StandardCharsets.UTF_8).split("\n")) {
            if (line.isEmpty()) {
                continue;
            }
            String[] fields = line.split("\t", -1);
            for (int i = 0; i < fields.length; i++) {
                fields[i] = fields[i].equals("\\N") ? null : unescaped(fields[i]);
            }
            found.add(fields);
        }
        return found;
    }

    static String unescaped(String field) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < field.length(); i++) {
            char c = field.charAt(i);
            if (c == '\\') {
                c = field.charAt(++i);
                int which = "tnrbf".indexOf(c);
                c = which < 0 ? c : "\t\n\r\b\f".charAt(which);
            }
            text.append(c);
        }
        return text.toString();
    }

    static void check(String what, List<String> problems) {
        System.out.println((problems.isEmpty() ? "ok " : "FAILED ") + what);
        problems.stream().limit(5).forEach(problem -> System.out.println("    " + problem));
        failed += problems.isEmpty() ? 0 : 1;
    }

    // Is the value of a column what psql's text says? Each is asked for as a value of Java's own type.
    static boolean isEqual(ResultSet row, String name, String type, String text) throws SQLException {
        boolean momentary = MOMENTARY.contains(name);
        switch (type) {
            case "bigint":
                return row.getObject(name) instanceof Long && row.getLong(name) == Long.parseLong(text);
            case "integer":
                return row.getObject(name) instanceof Integer && row.getInt(name) == Integer.parseInt(text);
            case "double precision":
                return row.getObject(name) instanceof Double && row.getDouble(name) == Double.parseDouble(text);
            case "boolean":
                return row.getObject(name) instanceof Boolean && row.getBoolean(name) == Boolean.parseBoolean(text);
            case "timestamp with time zone":
                return row.getObject(name, OffsetDateTime.class).isEqual(OffsetDateTime.parse(text)) || momentary;
            case "interval":
                PGInterval i = (PGInterval) row.getObject(name);
                Duration d = Duration.parse(text);
                BigDecimal seconds = BigDecimal.valueOf(i.getDays() * 86400L + i.getHours() * 3600L + i.getMinutes() * 60L + i.getWholeSeconds())
                    .add(BigDecimal.valueOf(i.getMicroSeconds(), 6));
                return i.getYears() == 0 && i.getMonths() == 0
                    && (momentary || seconds.compareTo(BigDecimal.valueOf(d.getSeconds()).add(BigDecimal.valueOf(d.getNano(), 9))) == 0);
            default:
                return row.getString(name).equals(text);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String folder = arguments[0];
        try (Connection connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + arguments[1] + "/postgres", "analyst", "")) {
            for (String[] one : lines(folder, "views.tsv")) {
                read(connection, folder, one[0], one[1]);
            }
        }
        System.exit(failed > 0 ? 1 : 0);
    }

    static void read(Connection connection, String folder, String view, String keys) throws Exception {
        List<String[]> expected = lines(folder, "columns." + view + ".tsv");
        List<String> problems = new ArrayList<>();
        int n = 0;
        try (ResultSet found = connection.getMetaData().getColumns(null, "crm\\_timeline", view.replace("_", "\\_"), "%")) {
            for (; found.next(); n++) {
                String[] column = n < expected.size() ? expected.get(n) : new String[5];
                String type = found.getString("TYPE_NAME");
                if (!found.getString("COLUMN_NAME").equals(column[2]) || !type.equals(NAMES.get(column[3])) || found.getInt("DATA_TYPE") != TYPES.get(type)
                    || found.getString("REMARKS") == null || !found.getString("REMARKS").equals(column[4])) {
                    problems.add(column[2] + ": " + found.getString("COLUMN_NAME") + " " + type + " " + found.getInt("DATA_TYPE") + " " + found.getString("REMARKS"));
                }
            }
        }
        if (n == 0 || n != expected.size()) {
            problems.add(n + " columns, and not " + expected.size());
        }
        check(view + ": " + n + " columns, their types and remarks", problems);

        problems = new ArrayList<>();
        List<String[]> values = lines(folder, "values." + view + ".tsv");
        int rows = 0;
        int next = 0;
        try (ResultSet row = connection.createStatement().executeQuery("SELECT * FROM crm_timeline." + view + " ORDER BY " + keys)) {
            while (row.next()) {
                rows++;
                for (; next < values.size() && Integer.parseInt(values.get(next)[0]) == rows; next++) {
                    String name = values.get(next)[1];
                    String text = values.get(next)[2];
                    String type = expected.stream().filter(column -> column[2].equals(name)).findFirst().get()[3];
                    if (text == null ? row.getObject(name) != null : row.getObject(name) == null || !isEqual(row, name, type, text)) {
                        problems.add("row " + rows + ", " + name + ": " + row.getString(name) + " for " + text);
                    }
                }
            }
        }
        if (rows == 0 || next != values.size() || next != rows * expected.size()) {
            problems.add(rows + " rows, " + next + " of " + values.size() + " values");
        }
        check(view + ": " + rows + " rows, " + next + " values", problems);
    }
}
